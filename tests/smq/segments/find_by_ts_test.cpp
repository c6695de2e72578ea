#define CAF_SUITE segments_find_by_ts
#include "smq/segments/find_by_ts.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <algorithm>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;

result<std::int64_t> find(stored_log& s, std::int64_t value_ns) {
  result<std::int64_t> found{{status::unknown, "no answer", 0}, -2};
  find_by_ts(s.store.ports(), make_view(s.log, place, s.log.log_start, s.log.next_offset, SIZE_MAX), value_ns, {},
             [&](const result<std::int64_t>& r) { found = r; });
  return found;
}

struct message {
  std::int64_t ts_ns = 0;
  std::int64_t base_offset = 0;
  std::int64_t next_offset = 0;
};

/// The rule without any of the ways to look it up fast.
std::int64_t expected(const std::vector<message>& all, const log_state& log, std::int64_t value_ns) {
  for (const auto& m : all)
    if (m.next_offset > log.log_start && !is_consumed(m.ts_ns, value_ns)) return std::max(m.base_offset, log.log_start);
  return log.next_offset;
}

std::vector<message> random_log(stored_log& s) {
  s.options.max_chunks_per_segment = *rc::gen::inRange<std::size_t>(1, 9);
  std::vector<message> all;
  std::int64_t ts_ns = *rc::gen::inRange<std::int64_t>(2, 2 * second);
  const auto appends = *rc::gen::inRange(1, 15);
  for (int i = 0; i < appends; ++i) {
    std::vector<planned_batch> batches;
    auto at = s.log;
    const auto count = *rc::gen::inRange(1, 6);
    for (int k = 0; k < count; ++k) {
      ts_ns += *rc::gen::element<std::int64_t>(2, 3, second, 400 * second);
      // Some larger than what one read of the scan takes.
      const auto body = *rc::gen::element<std::size_t>(0, 300, 70'000);
      batches.push_back(s.plan_one(at, *rc::gen::inRange(1, 10), ts_ns, body));
      all.push_back({ts_ns, at.next_offset, at.next_offset + batches.back().record_count});
      at.next_offset = all.back().next_offset;
      ++at.next_message_number;
    }
    s.append(std::move(batches));
  }
  return all;
}

}  // namespace

CAF_TEST(a native position goes on at the first message behind its value) {
  const std::vector<std::int64_t> messages{100, 102, 110};
  struct row {
    std::int64_t value;
    std::size_t next;
    const char* why;
  };
  const row rows[] = {
    {-5, 0, "nothing was consumed"},
    {0, 0, "nothing was consumed"},
    {1, 0, "what tidegate writes when it knows nothing, and what an unreadable file means to a native subscriber"},
    {40, 0, "an SMQ offset is read as 40 ns"},
    {99, 0, "first ts - 1: tidegate, at the start of a segment"},
    {100, 1, "a broker's: the ts of the last consumed message"},
    {101, 1, "tidegate's: the same + 1, even when the next one is only 2 ns later"},
    {102, 2, "broker"},
    {103, 2, "tidegate"},
    {109, 2, "between messages"},
    {110, 3, "all consumed"},
    {INT64_MAX, 3, "beyond the end"},
  };
  for (const auto& r : rows) {
    const auto next = std::ranges::find_if(messages, [&](auto ts) { return !is_consumed(ts, r.value); });
    CAF_CHECK_EQUAL(static_cast<std::size_t>(next - messages.begin()), r.next);
    if (static_cast<std::size_t>(next - messages.begin()) != r.next) CAF_ERROR(r.value << ": " << r.why);
  }
}

CAF_TEST(every value finds what walking all messages finds) {
  CAF_CHECK(rc::check("find by ts", [] {
    stored_log s;
    const auto all = random_log(s);
    if (*rc::gen::arbitrary<bool>()) {
      const auto start = *rc::gen::inRange<std::int64_t>(0, s.log.next_offset + 1);
      s.trim(start);
    }
    for (const auto& m : all) {
      for (const auto value : {m.ts_ns - 1, m.ts_ns, m.ts_ns + 1}) {
        const auto found = find(s, value);
        RC_ASSERT(found.is_ok());
        RC_ASSERT(found.value == expected(all, s.log, value));
      }
    }
    RC_ASSERT(find(s, 0).value == s.log.log_start);
    RC_ASSERT(find(s, INT64_MAX).value == s.log.next_offset);
  }));
}

CAF_TEST(whole segments answer without reading and a large one by a few heads) {
  stored_log s;
  s.options.max_chunks_per_segment = 64;
  for (int i = 0; i < 128; ++i) s.append_one(10, second + 2 * i, 200'000);
  CAF_REQUIRE_EQUAL(s.log.segments.size(), 2u);
  s.store.chunk_reads = 0;
  s.store.bytes_read = 0;
  for (const auto value : {std::int64_t{0}, second - 1, s.log.segments[0].last_ts_ns, s.log.last_ts_ns}) find(s, value);
  CAF_CHECK_EQUAL(s.store.chunk_reads, 0u);
  const auto found = find(s, second + 2 * 40);
  CAF_CHECK_EQUAL(found.value, 410);
  CAF_CHECK(s.store.chunk_reads <= 8u);
  CAF_CHECK(s.store.bytes_read <= 150'000u);
}

CAF_TEST(an empty log answers its end) {
  stored_log s;
  CAF_CHECK_EQUAL(find(s, 5).value, 0);
  CAF_CHECK(find(s, 5).is_ok());
}

CAF_TEST(a flipped bit in a head is damage or changes nothing) {
  stored_log s;
  std::vector<planned_batch> batches;
  auto at = s.log;
  for (int i = 0; i < 4; ++i) {
    batches.push_back(s.plan_one(at, 3, second + 10 * i));
    at.next_offset += 3;
    ++at.next_message_number;
  }
  s.append(batches);
  auto& chunk = s.store.chunks.begin()->second;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      chunk[i] ^= static_cast<std::byte>(1 << bit);
      const auto found = find(s, second + 15);
      if (found.is_ok()) CAF_CHECK_EQUAL(found.value, 6);
      chunk[i] ^= static_cast<std::byte>(1 << bit);
    }
  }
}

CAF_TEST(what may lie in a hole is not skipped and a declared gap is) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 3; ++i) s.append_one(5, second * (i + 1));
  CAF_REQUIRE_EQUAL(s.log.segments.size(), 3u);
  auto holey = s.log;
  holey.segments.erase(holey.segments.begin() + 1);
  std::swap(s.log, holey);
  CAF_CHECK(find(s, second).what.code == status::refused);
  CAF_CHECK_EQUAL(find(s, 0).value, 0);
  s.log.gaps.push_back({5, 10, 1});
  CAF_CHECK_EQUAL(find(s, second).value, 10);
  s.log.gaps.clear();
  s.log.segments.pop_back();
  CAF_CHECK(find(s, INT64_MAX).what.code == status::refused);
}

CAF_TEST(a lost chunk is absent and a doubt stays a doubt) {
  stored_log s;
  s.append_one(5, second);
  s.append_one(5, 2 * second);
  s.store.fail_with = outcome{status::unknown, "down", 0};
  CAF_CHECK(find(s, second).what.code == status::unknown);
  s.store.fail_with.reset();
  s.store.chunks.erase(s.store.chunks.begin());
  s.store.chunks.erase(s.store.chunks.begin());
  CAF_CHECK(find(s, second).what.code == status::absent);
}
