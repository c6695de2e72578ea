#include "actors/core/retention.hpp"

#include <algorithm>

namespace tidegate::core {

namespace {

constexpr std::int64_t longest_rest_ms = 3'600'000;  // deleted records and odd timestamps may change what comes next

bool is_older(const retained_segment& s, std::int64_t limit_ms, std::int64_t now_ms) {
  return limit_ms >= 0 && s.largest_timestamp_ms < now_ms - limit_ms;
}

bool is_read(const retained_segment& s, const read_positions& positions) {
  return !positions.is_unclear && s.next_offset <= positions.lowest_offset && s.last_ts_ns <= positions.lowest_value_ns;
}

/// A group that holds may commit at any time.
std::int64_t look_again_after(const retention_rules& rules, const retention_verdict& verdict,
                              std::span<const retained_segment> left, std::int64_t now_ms) {
  if (verdict.is_held) return now_ms;
  if (rules.retention_ms < 0) return now_ms + longest_rest_ms;
  const auto latest = now_ms + std::min(rules.retention_ms, longest_rest_ms);
  if (left.empty() || left.front().largest_timestamp_ms > latest - rules.retention_ms) return latest;
  return std::max(now_ms, left.front().largest_timestamp_ms + rules.retention_ms);
}

}  // namespace

retention_verdict decide_retention(const retention_rules& rules, std::int64_t log_start,
                                   std::span<const retained_segment> segments, const read_positions& positions,
                                   std::int64_t now_ms) {
  retention_verdict verdict;
  verdict.log_start = log_start;
  std::uint64_t bytes = 0;
  for (const auto& s : segments) bytes += s.bytes;
  for (const auto& s : segments) {
    const bool is_too_old = is_older(s, rules.retention_ms, now_ms);
    const bool is_too_much =
      rules.retention_bytes >= 0 && bytes - s.bytes >= static_cast<std::uint64_t>(rules.retention_bytes);
    if (!is_too_old && !is_too_much) break;
    verdict.is_held = rules.protects_groups && !is_read(s, positions) && !is_older(s, rules.protect_max_ms, now_ms);
    if (verdict.is_held) break;
    bytes -= s.bytes;
    verdict.log_start = s.next_offset;
    ++verdict.segments;
    if (verdict.reason == retention_reason::none)
      verdict.reason = is_too_old ? retention_reason::retention_ms : retention_reason::retention_bytes;
  }
  verdict.look_again_ms = look_again_after(rules, verdict, segments.subspan(verdict.segments), now_ms);
  return verdict;
}

}  // namespace tidegate::core
