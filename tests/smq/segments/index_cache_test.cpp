// What is only remembered or read ahead never changes what a consumer reads.
#define CAF_SUITE index_cache
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

struct consumer {
  std::size_t next_batch = 0;
};

std::int64_t base_of(const shared_bytes& batch) { return be_reader{batch.view()}.get<std::int64_t>(); }

}  // namespace

CAF_TEST(consumers that push out each others points read every batch once and in order) {
  CAF_CHECK(rc::check("index with eviction", [] {
    stored_log s;
    s.options.max_chunks_per_segment = *rc::gen::inRange<std::size_t>(1, 4);
    const auto points = *rc::gen::inRange<std::size_t>(0, 4);
    index_cache index{points * index_cache::point_bytes};
    if (*rc::gen::arbitrary<bool>())
      s.ahead.emplace(s.store, chunk_cache_options{.max_bytes = *rc::gen::inRange<std::size_t>(0, 3000)});
    std::vector<consumer> consumers(*rc::gen::inRange<std::size_t>(1, 6));
    std::int64_t ts_ns = 0;
    const auto steps = *rc::gen::inRange(1, 80);
    for (int i = 0; i < steps; ++i) {
      if (*rc::gen::inRange(0, 3) == 0) s.append_one(*rc::gen::inRange(1, 4), ts_ns += 1000, 300);
      if (*rc::gen::inRange(0, 20) == 0) {  // whose points lie in what is gone
        const auto start = *rc::gen::inRange<std::int64_t>(s.log.log_start, s.log.next_offset + 1);
        s.trim(start);
      }
      auto& c = consumers[*rc::gen::inRange<std::size_t>(0, consumers.size())];
      while (c.next_batch < s.written.size() && base_of(s.written[c.next_batch]) < s.log.log_start) ++c.next_batch;
      const auto at_end = c.next_batch == s.written.size();
      const auto offset = at_end ? s.log.next_offset : base_of(s.written[c.next_batch]);
      const auto answer = s.read(offset, *rc::gen::element<std::size_t>(1, 1000), &index);
      RC_ASSERT(answer.is_ok());
      RC_ASSERT(answer.value.empty() == at_end);
      for (const auto& batch : answer.value) RC_ASSERT(batch == s.written[c.next_batch++]);
      RC_ASSERT(index.size_bytes() <= points * index_cache::point_bytes);
    }
  }));
}

CAF_TEST(a consumer that goes on finds the next chunks read ahead) {
  stored_log s;
  s.options.max_chunks_per_segment = 5;
  for (int i = 0; i < 40; ++i) s.append_one(1, (i + 1) * 1000, 300);
  s.ahead.emplace(s.store, chunk_cache_options{});
  index_cache index{1 << 16};
  CAF_CHECK_EQUAL(s.read(0, 1, &index).value.size(), 1u);
  CAF_CHECK_EQUAL(s.ahead->size_bytes(), 0u);  // one read: perhaps it wants no more
  CAF_CHECK_EQUAL(s.read(1, 1, &index).value.size(), 1u);
  CAF_CHECK(s.ahead->size_bytes() > 0);
  s.store.chunk_reads = 0;
  for (int i = 2; i < 9; ++i) CAF_CHECK(s.read(i, 1, &index).value.front() == s.written[static_cast<std::size_t>(i)]);
  CAF_CHECK(s.store.chunk_reads <= 8);  // one each, and no more than that is ahead
}

CAF_TEST(a consumer of large batches has each byte read once) {
  constexpr std::size_t body = 700'000;
  stored_log s;
  for (int i = 0; i < 20; ++i) s.append_one(1, (i + 1) * 1000, i % 5 == 4 ? body / 3 : body);
  index_cache index{1 << 16};
  std::uint64_t asked_for = 0;
  for (std::size_t i = 0; i < s.written.size();) {
    const auto answer = s.read(static_cast<std::int64_t>(i), 1 << 20, &index);
    CAF_REQUIRE(!answer.value.empty());
    for (const auto& batch : answer.value) {
      CAF_CHECK(batch == s.written[i++]);
      asked_for += batch.size();
    }
    if (i == answer.value.size()) s.store.bytes_read = asked_for;  // the first one had to search
  }
  CAF_CHECK(s.store.bytes_read < asked_for + 20 * 70'000);  // lengths of what comes next, where chunks end
}

CAF_TEST(a consumer that wants little from the middle of a chunk does not walk it message by message) {
  stored_log s;
  std::vector<planned_batch> batches;
  auto at = s.log;
  for (int i = 0; i < 1500; ++i) {
    batches.push_back(s.plan_one(at, 1, (i + 1) * 1000, 2000));  // 3 MB in all
    ++at.next_offset;
    ++at.next_message_number;
  }
  s.append(std::move(batches));
  for (const std::size_t wanted : {1U, 700U, 1499U}) {
    s.store.chunk_reads = 0;
    CAF_CHECK(s.read(static_cast<std::int64_t>(wanted), 1, nullptr).value.front() == s.written[wanted]);
    CAF_CHECK(s.store.chunk_reads <= 4);
  }
}
