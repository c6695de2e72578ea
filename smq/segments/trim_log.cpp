#include "smq/segments/trim_log.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

void raise_log_start(log_state& log, std::int64_t log_start) {
  log.log_start = log_start;
  std::erase_if(log.marks, [log_start](const segment_mark& m) { return m.base_offset <= log_start; });
  std::erase_if(log.gaps, [log_start](const offset_gap& g) { return g.to <= log_start; });
  auto& epochs = log.epochs;
  const auto behind = std::ranges::upper_bound(epochs, log_start, {}, &epoch_start::start_offset);
  if (behind == epochs.begin()) return;
  epochs.erase(epochs.begin(), std::prev(behind));
  epochs.front().start_offset = log_start;
}

/// All of the log that its partition entry tells; without the list of files, which may be long.
log_state head_of(const log_state& log) {
  log_state head;
  head.log_start = log.log_start;
  head.next_offset = log.next_offset;
  head.last_ts_ns = log.last_ts_ns;
  head.next_message_number = log.next_message_number;
  head.epochs = log.epochs;
  head.gaps = log.gaps;
  head.snapshot = log.snapshot;
  head.snapshot_offset = log.snapshot_offset;
  head.marks = log.marks;
  return head;
}

}  // namespace

trim_plan plan_trim(const log_state& log, std::int64_t log_start, std::size_t max_segments) {
  trim_plan plan;
  plan.log_start = std::clamp(log_start, log.log_start, log.next_offset);
  while (plan.segments < max_segments && plan.segments + 1 < log.segments.size() &&
         log.segments[plan.segments].next_offset <= plan.log_start)
    plan.bytes += log.segments[plan.segments++].size_bytes();
  return plan;
}

bool is_needed(const log_state& log, const trim_plan& plan) {
  return plan.log_start > log.log_start || plan.segments > 0;
}

std::vector<mutation> trim_mutations(const log_state& log, const partition_place& place, const trim_plan& plan) {
  std::vector<mutation> unit;
  if (plan.log_start > log.log_start) {
    auto head = head_of(log);
    raise_log_start(head, plan.log_start);
    unit.push_back(write_partition_entry(head, place));
  }
  for (std::size_t i = 0; i < plan.segments; ++i)
    unit.push_back({mutation::kind::erase, {log.segments[i].path, "", {}, {}}});
  return unit;
}

void apply_trim(log_state& log, const trim_plan& plan) {
  if (plan.log_start > log.log_start) raise_log_start(log, plan.log_start);
  log.segments.erase(log.segments.begin(), log.segments.begin() + static_cast<std::ptrdiff_t>(plan.segments));
}

}  // namespace tidegate::smq
