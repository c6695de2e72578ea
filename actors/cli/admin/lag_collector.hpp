#pragma once

#include "actors/cli/admin/cluster_groups.hpp"
#include "actors/cli/admin/lag.hpp"
#include "actors/cli/admin/output.hpp"

namespace tidegate::cli {

/// How far a group is behind, or why that is not known.
struct lag_answer {
  std::string error;  // one line that begins with Kafka's name
  std::vector<partition_lag> lags;
};

/// Asks for the positions of groups, then for the ends of their logs (in this order, so that no position is beyond the
/// end only because more was written), then, `with_age`, for the next record of whoever is behind. One answer per
/// group, in their order.
/// Errors, thread: as the cluster's.
std::vector<lag_answer> collect_lags(cluster& from, const std::vector<group_description>& groups, bool with_age,
                                     const output& to);

}  // namespace tidegate::cli
