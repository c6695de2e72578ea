#define CAF_SUITE segments_names
#include "smq/segments/segment_name.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate::smq;
using namespace tidegate::smq::test;

CAF_TEST(a name is the second and twenty digits) {
  CAF_CHECK_EQUAL(segment_name(1'700'000'399, 42), "2023-11-14-22-19-59.00000000000000000042");
  CAF_CHECK_EQUAL(segment_name(951'782'400, INT64_MAX), "2000-02-29-00-00-00.09223372036854775807");
}

CAF_TEST(a name comes back and nothing else is a name) {
  CAF_CHECK(rc::check("names", [] {
    segment_name_parts parts{*rc::gen::inRange<std::int64_t>(0, 250'000'000'000),
                             *rc::gen::inRange<std::int64_t>(0, INT64_MAX)};
    RC_ASSERT(parse_segment_name(segment_name(parts.second, parts.base_offset)) == parts);
  }));
  for (auto name : {"2023-11-14-22-13-19", "2023-11-14-22-13-19.", "2023-13-14-22-13-19.00000000000000000042",
                    "2023-11-14-22-60-19.00000000000000000042", "2023-11-14-22-13-19.0000000000000000004x",
                    "2023-11-14-22-13-19.99999999999999999999", "2023_11-14-22-13-19.00000000000000000042",
                    "2023-02-29-22-13-19.00000000000000000042", "tidegate.offset", ""})
    CAF_CHECK(!parse_segment_name(name));
}

CAF_TEST(the name second is the end of the span and never goes back) {
  struct row {
    std::int64_t first_ts_ns, span_seconds, newest, expected;
  };
  constexpr std::int64_t second = 1'000'000'000;
  constexpr row rows[] = {{0, 600, -1, 599},
                          {599 * second + 999'999'999, 600, -1, 599},
                          {600 * second, 600, 599, 1199},
                          {600 * second, 600, 1199, 1199},
                          {600 * second, 600, 5000, 5000},   // the clock went back: the name does not
                          {600 * second, 3600, 1199, 3599},  // the span grew
                          {7 * second, 1, -1, 7}};
  for (const auto& r : rows) CAF_CHECK_EQUAL(name_second_for(r.first_ts_ns, r.span_seconds, r.newest), r.expected);
  CAF_CHECK(fits_name_second(599 * second + 999'999'999, 599));
  CAF_CHECK(!fits_name_second(600 * second, 599));
}

CAF_TEST(names ascend over every leader and every name is at least as new as its messages) {
  CAF_CHECK(rc::check("names ascend", [] {
    stored_log s;
    s.options.max_chunks_per_segment = 3;
    std::int64_t ts_ns = *rc::gen::inRange<std::int64_t>(0, 2'000'000'000'000);
    auto steps = *rc::gen::inRange(1, 30);
    for (int i = 0; i < steps; ++i) {
      if (*rc::gen::inRange(0, 4) == 0) {
        s.new_leader = true;
        ++s.epoch;
      }
      ts_ns += *rc::gen::element<std::int64_t>(2, 1'000'000'000, 300'000'000'000, 700'000'000'000);
      s.append_one(*rc::gen::inRange(1, 5), ts_ns);
    }
    for (std::size_t i = 0; i < s.log.segments.size(); ++i) {
      const auto& at = s.log.segments[i];
      RC_ASSERT(at.last_ts_ns / 1'000'000'000 <= at.name_second);
      if (i > 0) RC_ASSERT(s.log.segments[i - 1].name < at.name);
    }
  }));
}
