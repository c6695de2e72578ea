#define CAF_SUITE retention
#include "actors/core/retention.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <numeric>
#include <vector>

using namespace tidegate::core;

namespace {

constexpr std::int64_t now_ms = 1'000'000;
constexpr read_positions everything_read{};
const std::vector<retained_segment> three{{10, now_ms - 300, 1000, 100}, {20, now_ms - 200, 2000, 100},
                                          {30, now_ms - 100, 3000, 100}};

retention_rules rules_of(std::int64_t ms, std::int64_t bytes, bool protects = true, std::int64_t max_ms = -1) {
  return {ms, bytes, protects, max_ms};
}

/// Ascending offsets and ts_ns; timestamps are the producers' and need not ascend.
std::vector<retained_segment> random_segments() {
  std::vector<retained_segment> all;
  std::int64_t offset = 0;
  std::int64_t ts_ns = 0;
  const auto count = *rc::gen::inRange(0, 8);
  for (int i = 0; i < count; ++i) {
    offset += *rc::gen::inRange<std::int64_t>(1, 10);
    ts_ns += *rc::gen::inRange<std::int64_t>(1, 10);
    all.push_back({offset, now_ms + *rc::gen::inRange<std::int64_t>(-300, 100), ts_ns,
                   *rc::gen::inRange<std::uint64_t>(0, 50)});
  }
  return all;
}

retention_rules random_rules() {
  return rules_of(*rc::gen::inRange<std::int64_t>(-1, 300), *rc::gen::inRange<std::int64_t>(-1, 200),
                  *rc::gen::arbitrary<bool>(), *rc::gen::inRange<std::int64_t>(-1, 300));
}

read_positions random_positions() {
  read_positions p;
  if (*rc::gen::arbitrary<bool>()) p.lowest_offset = *rc::gen::inRange<std::int64_t>(0, 60);
  if (*rc::gen::arbitrary<bool>()) p.lowest_value_ns = *rc::gen::inRange<std::int64_t>(0, 60);
  p.is_unclear = *rc::gen::inRange(0, 5) == 0;
  return p;
}

}  // namespace

CAF_TEST(what goes by each limit) {
  struct row {
    retention_rules rules;
    std::size_t segments;
    retention_reason reason;
    const char* why;
  };
  using enum retention_reason;
  const std::vector<row> rows{
    {rules_of(-1, -1), 0, none, "for ever"},
    {rules_of(300, -1), 0, none, "exactly as old as allowed"},
    {rules_of(299, -1), 1, retention_ms, "one is older"},
    {rules_of(150, -1), 2, retention_ms, "two are older"},
    {rules_of(0, -1), 3, retention_ms, "the newest too: its file stays, its records are not seen any more"},
    {rules_of(-1, 300), 0, none, "exactly as large as allowed"},
    {rules_of(-1, 201), 0, none, "the rest would be smaller than allowed"},
    {rules_of(-1, 200), 1, retention_bytes, "the rest is as large as allowed"},
    {rules_of(-1, 1), 2, retention_bytes, "the newest is kept by its size"},
    {rules_of(-1, 0), 3, retention_bytes, "nothing is kept"},
    {rules_of(299, 100), 2, retention_ms, "both limits, one after the other"},
  };
  for (const auto& r : rows) {
    const auto verdict = decide_retention(r.rules, 0, three, everything_read, now_ms);
    CAF_CHECK_EQUAL(verdict.segments, r.segments);
    CAF_CHECK(verdict.reason == r.reason);
    CAF_CHECK_EQUAL(verdict.log_start, static_cast<std::int64_t>(10 * r.segments));
    if (verdict.segments != r.segments) CAF_ERROR(r.why);
  }
}

CAF_TEST(what a group has not read stays until it is too old) {
  struct row {
    read_positions positions;
    std::int64_t protect_max_ms;
    std::size_t segments;
  };
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  const std::vector<row> rows{
    {{max, max, false}, -1, 3}, {{30, max, false}, -1, 3}, {{29, max, false}, -1, 2}, {{10, max, false}, -1, 1},
    {{9, max, false}, -1, 0},   {{0, max, false}, -1, 0},  {{max, 3000, false}, -1, 3}, {{max, 2999, false}, -1, 2},
    {{20, 1000, false}, -1, 1}, {{max, max, true}, -1, 0}, {{0, max, false}, 250, 1},  {{max, max, true}, 150, 2},
    {{0, 0, false}, 50, 3},
  };
  for (const auto& r : rows) {
    const auto verdict = decide_retention(rules_of(0, -1, true, r.protect_max_ms), 0, three, r.positions, now_ms);
    CAF_CHECK_EQUAL(verdict.segments, r.segments);
    CAF_CHECK_EQUAL(verdict.is_held, r.segments < 3);
    const auto unprotected = decide_retention(rules_of(0, -1, false, r.protect_max_ms), 0, three, r.positions, now_ms);
    CAF_CHECK_EQUAL(unprotected.segments, 3u);
  }
}

CAF_TEST(the oldest goes again and again until a rule keeps it) {
  CAF_CHECK(rc::check("retention", [] {
    const auto segments = random_segments();
    const auto rules = random_rules();
    const auto positions = random_positions();
    const auto verdict = decide_retention(rules, 0, segments, positions, now_ms);
    auto left = segments;
    std::size_t gone = 0;
    while (!left.empty()) {
      const auto& oldest = left.front();
      const auto rest = std::accumulate(left.begin() + 1, left.end(), std::uint64_t{0},
                                        [](std::uint64_t sum, const retained_segment& s) { return sum + s.bytes; });
      const auto age = now_ms - oldest.largest_timestamp_ms;
      const bool is_wanted = (rules.retention_ms >= 0 && age > rules.retention_ms) ||
                             (rules.retention_bytes >= 0 && rest >= static_cast<std::uint64_t>(rules.retention_bytes));
      const bool is_read = !positions.is_unclear && oldest.next_offset <= positions.lowest_offset &&
                           oldest.last_ts_ns <= positions.lowest_value_ns;
      const bool may_go = !rules.protects_groups || is_read || (rules.protect_max_ms >= 0 && age > rules.protect_max_ms);
      if (!is_wanted || !may_go) break;
      left.erase(left.begin());
      ++gone;
    }
    RC_ASSERT(verdict.segments == gone);
    RC_ASSERT(verdict.log_start == (gone == 0 ? 0 : segments[gone - 1].next_offset));
    RC_ASSERT((verdict.reason == retention_reason::none) == (gone == 0));
  }));
}

CAF_TEST(nothing goes before it is time to look again) {
  CAF_CHECK(rc::check("look again", [] {
    const auto segments = random_segments();
    const auto rules = random_rules();
    RC_PRE(!rules.keeps_for_ever());
    const auto positions = random_positions();
    const auto verdict = decide_retention(rules, 0, segments, positions, now_ms);
    RC_ASSERT(verdict.look_again_ms >= now_ms);
    const std::vector left(segments.begin() + static_cast<std::ptrdiff_t>(verdict.segments), segments.end());
    for (auto at = now_ms; at < std::min(verdict.look_again_ms, now_ms + 1000); ++at)
      RC_ASSERT(decide_retention(rules, verdict.log_start, left, positions, at).segments == 0);
  }));
}
