#include "actors/cli/admin/lag.hpp"

#include <algorithm>

namespace tidegate::cli {

namespace {

void compare(partition_lag& one, const std::map<topic_partition, log_range>& logs) {
  const auto log = logs.find(one.at);
  if (log == logs.end()) {
    one.note = "partition does not exist";
    return;
  }
  one.log = log->second;
  if (!one.log.error.empty()) {
    one.note = one.log.error;
    return;
  }
  if (!one.committed) return;
  if (*one.committed > one.log.end) {  // nobody knows which records it waits for
    one.note = "beyond the log's end";
    return;
  }
  one.lag = one.log.end - *one.committed;
  if (*one.committed < one.log.start) one.note = "below the log's start";
}

}  // namespace

std::optional<std::int64_t> partition_lag::reads_next() const {
  if (!committed || !lag || *lag == 0) return std::nullopt;
  const auto next = std::max(*committed, log.start);
  return next < log.end ? std::optional(next) : std::nullopt;
}

std::vector<partition_lag> lags_of(const std::vector<committed_offset>& offsets,
                                   const std::vector<group_member>& members,
                                   const std::map<topic_partition, log_range>& logs) {
  std::map<topic_partition, partition_lag> all;
  for (const auto& one : offsets) {
    auto& lag = all[one.at];
    lag.committed = one.offset;
    lag.metadata = one.metadata;
  }
  for (const auto& member : members)
    for (const auto& at : member.partitions) all[at].member_id = member.member_id;
  std::vector<partition_lag> result;
  for (auto& [at, lag] : all) {
    lag.at = at;
    compare(lag, logs);
    result.push_back(std::move(lag));
  }
  return result;
}

void set_age(partition_lag& lag, const std::optional<std::int64_t>& time_ms, std::int64_t now_ms) {
  lag.next_time_ms = time_ms;
  if (time_ms) lag.age_ms = std::max<std::int64_t>(now_ms - *time_ms, 0);
}

group_lag total_of(const std::string& group, const std::string& state, const std::vector<partition_lag>& lags) {
  group_lag total{group, state, 0, 0, 0, std::nullopt, false};
  for (const auto& one : lags) {
    if (!one.committed) continue;
    ++total.partitions;
    total.lag += one.lag.value_or(0);
    total.unknown += !one.lag;
    total.is_behind |= one.lag.value_or(0) > 0;
    if (one.age_ms) total.age_ms = std::max(total.age_ms.value_or(0), *one.age_ms);
  }
  return total;
}

}  // namespace tidegate::cli
