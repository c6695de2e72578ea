#define CAF_SUITE timestamp_hints

#include "smq/positions/timestamp_hints.hpp"

#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

#include <malloc.h>

using namespace tidegate;
using namespace tidegate::smq;
using topics_testing::test_id;

CAF_TEST(the value is the one of the newest point at or below the offset) {
  timestamp_hints hints;
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 5), 1);
  hints.note(test_id(1), 0, 10, 1000);
  hints.note(test_id(1), 0, 20, 2000);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 9), 1);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 10), 1000);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 19), 1000);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 99), 2000);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 1, 99), 1);
  CAF_CHECK_EQUAL(hints.value_of(test_id(2), 0, 99), 1);
  hints.forget(test_id(1), 0);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 99), 1);
  CAF_CHECK_EQUAL(hints.size_bytes(), 0u);
}

CAF_TEST(a partition keeps its oldest point and the newest ones) {
  timestamp_hints hints;
  constexpr auto kept = static_cast<std::int64_t>(timestamp_hints::points_per_source);
  for (std::int64_t i = 0; i < 10 * kept; ++i) hints.note(test_id(1), 0, i, 100 + i);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 5), 100);
  for (std::int64_t i = 9 * kept; i < 10 * kept; ++i) CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, i), 100 + i);
  CAF_CHECK_EQUAL(hints.size_bytes(), (timestamp_hints::points_per_source + 1) * timestamp_hints::point_bytes +
                                        timestamp_hints::points_per_source * timestamp_hints::slot_bytes +
                                        timestamp_hints::partition_bytes);
}

CAF_TEST(what a consumer was just given stays whatever is appended meanwhile) {
  timestamp_hints hints;
  constexpr auto kept = static_cast<std::int64_t>(timestamp_hints::points_per_source);
  hints.note(test_id(1), 0, 0, 1);
  for (std::int64_t i = 1000; i < 1000 + 10 * kept; ++i) hints.note(test_id(1), 0, i, 100 + i);
  hints.note(test_id(1), 0, 500, 77, timestamp_hints::source::consumer);
  hints.note(test_id(1), 0, 1500, 88, timestamp_hints::source::consumer);
  for (std::int64_t i = 5000; i < 5000 + 10 * kept; ++i) hints.note(test_id(1), 0, i, 100 + i);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 500), 77);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 1500), 88);
  for (int again = 0; again < 2 * kept; ++again)
    hints.note(test_id(1), 0, 600, 78, timestamp_hints::source::consumer);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 500), 1);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 600), 78);
}

CAF_TEST(the partitions that were used longest ago go first) {
  constexpr auto each = timestamp_hints::point_bytes + timestamp_hints::slot_bytes + timestamp_hints::partition_bytes;
  timestamp_hints hints(3 * each);
  for (std::int32_t p = 0; p < 3; ++p) hints.note(test_id(1), p, 0, 100);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 0), 100);  // 1 is now the oldest
  hints.note(test_id(1), 3, 0, 100);
  CAF_CHECK_EQUAL(hints.size_bytes(), 3 * each);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 1, 0), 1);
  for (const std::int32_t p : {0, 2, 3}) CAF_CHECK_EQUAL(hints.value_of(test_id(1), p, 0), 100);
  timestamp_hints tiny(1);
  for (std::int32_t p = 0; p < 3; ++p) tiny.note(test_id(1), p, 0, 100);
  CAF_CHECK_EQUAL(tiny.value_of(test_id(1), 2, 0), 100);  // the one in use stays
  CAF_CHECK_EQUAL(tiny.size_bytes(), each);
}

CAF_TEST(what they count is at least what they take) {
  for (const std::int64_t notes : {1, 20, 300}) {
    for (const std::int64_t offsets : {std::int64_t{1}, notes}) {
      const auto before = ::mallinfo2().uordblks;
      timestamp_hints hints(std::size_t{1} << 30);
      for (std::int32_t p = 0; p < 1000; ++p)
        for (std::int64_t i = 0; i < notes; ++i) hints.note(test_id(1), p, i % offsets, 100 + i);
      CAF_CHECK_LESS_OR_EQUAL(::mallinfo2().uordblks - before, hints.size_bytes());
    }
  }
}
