#pragma once

#include "actors/cli/admin/cluster_groups.hpp"

#include <map>
#include <optional>
#include <set>

namespace tidegate::cli {

/// A place in a log from which a consumer would go on.
struct log_position {
  topic_partition at;
  std::int64_t offset = 0;
  auto operator<=>(const log_position&) const = default;
};

/// The timestamp of the first record at or behind each position, in milliseconds; nothing when no record came within
/// the timeout, the broker refused, or the record has no timestamp. Reads at most 16 partitions at a time, 64 KiB or
/// one batch of each.
/// Thread: as the cluster's.
std::map<log_position, std::optional<std::int64_t>> record_times(cluster& from, const std::set<log_position>& wanted,
                                                                 const progress_report& progress);

}  // namespace tidegate::cli
