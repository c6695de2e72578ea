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
  constexpr auto kept = static_cast<std::int64_t>(timestamp_hints::notes_per_source);
  for (std::int64_t i = 0; i < 10 * kept; ++i) hints.note(test_id(1), 0, i, 100 + i);
  CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 5), 100);
  for (std::int64_t i = 9 * kept; i < 10 * kept; ++i) CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, i), 100 + i);
  CAF_CHECK_EQUAL(hints.size_bytes(),
                  (kept + 1) * timestamp_hints::point_bytes + timestamp_hints::partition_bytes);
}

CAF_TEST(a point that was the lowest and is forgotten goes when a lower one comes) {
  timestamp_hints hints;
  constexpr auto consumer = timestamp_hints::source::consumer;
  for (std::int64_t lowest = 100; lowest > 0; --lowest) {
    hints.note(test_id(1), 0, lowest, 100 + lowest, consumer);
    for (std::uint32_t n = 0; n < timestamp_hints::notes_per_source; ++n) hints.note(test_id(1), 0, 1000, 5000, consumer);
    CAF_CHECK_EQUAL(hints.value_of(test_id(1), 0, 999), 100 + lowest);
  }
  CAF_CHECK_EQUAL(hints.size_bytes(), 2 * timestamp_hints::point_bytes + timestamp_hints::partition_bytes);
}

CAF_TEST(what a consumer was just given stays whatever is appended meanwhile) {
  timestamp_hints hints;
  constexpr auto kept = static_cast<std::int64_t>(timestamp_hints::notes_per_source);
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
  constexpr auto each = timestamp_hints::point_bytes + timestamp_hints::partition_bytes;
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

namespace {

/// `notes` of each of 1000 partitions, at `offsets` different offsets; all of one partition first, or in turns.
void note_many(timestamp_hints& hints, std::int64_t notes, std::int64_t offsets, bool in_turns) {
  for (std::int64_t n = 0; n < 1000 * notes; ++n) {
    const auto partition = in_turns ? n % 1000 : n / notes;
    const auto i = in_turns ? n / 1000 : n % notes;
    hints.note(test_id(1), static_cast<std::int32_t>(partition), i % offsets, 100 + i);
  }
}

}  // namespace

CAF_TEST(what they count is at least what they take) {
  for (const std::int64_t notes : {1, 3, 20, 150}) {
    for (const std::int64_t offsets : {std::int64_t{1}, notes}) {
      for (const bool in_turns : {false, true}) {
        const auto before = ::mallinfo2().uordblks;
        timestamp_hints hints(std::size_t{1} << 30);
        note_many(hints, notes, offsets, in_turns);
        CAF_CHECK_LESS_OR_EQUAL(::mallinfo2().uordblks - before, hints.size_bytes());
      }
    }
  }
}

CAF_TEST(ten thousand partitions with a point each take little) {
  const auto before = ::mallinfo2().uordblks;
  timestamp_hints hints;
  for (std::int32_t p = 0; p < 10'000; ++p) hints.note(test_id(1), p, 0, 100);
  CAF_CHECK_LESS(::mallinfo2().uordblks - before, 2'000'000u);
  CAF_CHECK_EQUAL(hints.size_bytes(), 10'000 * (timestamp_hints::point_bytes + timestamp_hints::partition_bytes));
}
