#pragma once

#include "actors/cli/admin/values.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// How far groups are behind: values in, values out; no clock, no Kafka.
namespace tidegate::cli {

/// What a group has read of a partition, and what it has not.
struct partition_lag {
  topic_partition at;
  std::optional<std::int64_t> committed;
  log_range log;
  std::optional<std::int64_t> lag;           // records from the committed offset to the end
  std::optional<std::int64_t> next_time_ms;  // timestamp of the next record to read
  std::optional<std::int64_t> age_ms;        // how old that record is; not set when caught up or not known
  std::string metadata;
  std::string member_id;
  std::string note;  // what is odd about it, in words

  /// From where a consumer would go on; nothing when there is nothing to read or to go on from.
  [[nodiscard]] std::optional<std::int64_t> reads_next() const;
};

/// The partitions that a group has committed or that a member has been given, in order. `logs` tells of those that
/// exist.
std::vector<partition_lag> lags_of(const std::vector<committed_offset>& offsets,
                                   const std::vector<group_member>& members,
                                   const std::map<topic_partition, log_range>& logs);

/// Enters the timestamp of the next record. A record from the future is 0 old.
void set_age(partition_lag& lag, const std::optional<std::int64_t>& time_ms, std::int64_t now_ms);

/// All partitions of a group together.
struct group_lag {
  std::string group;
  std::string state;
  std::int64_t partitions = 0;  // with a committed offset
  std::int64_t lag = 0;         // of those whose lag is known
  std::int64_t unknown = 0;     // of those whose lag is not
  std::optional<std::int64_t> age_ms;  // of the oldest record that is not read; not set: caught up or not known
  bool is_behind = false;
};
group_lag total_of(const std::string& group, const std::string& state, const std::vector<partition_lag>& lags);

}  // namespace tidegate::cli
