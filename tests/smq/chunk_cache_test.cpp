// Chunks that are read ahead: what a reader gets, and what the engine below is asked for.
#define CAF_SUITE chunk_cache

#include "smq/chunk_cache.hpp"
#include "smq/counters.hpp"
#include "test_engine.hpp"

#include "caf/test/dsl.hpp"

#include <deque>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

/// Keeps what it is asked for until the test lets it answer.
class held_chunks final : public chunk_port {
 public:
  struct question {
    chunk_id id;
    std::uint64_t position = 0;
    std::uint64_t count = 0;
    completion<result<shared_bytes>> done;
  };

  void put(std::vector<shared_bytes>, time_point, completion<result<chunk_id>> done) override { done(put_answer); }
  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point,
           completion<result<shared_bytes>> done) override {
    asked.push_back({id, position, count, std::move(done)});
  }

  void answer(const std::string& bytes) { answer({{}, shared_bytes::copy_of(as_byte_view(bytes))}); }
  void answer(result<shared_bytes> what) {
    if (asked.empty()) CAF_FAIL("nothing is asked");
    auto first = std::move(asked.front());
    asked.pop_front();
    first.done(std::move(what));
  }

  std::deque<question> asked;
  result<chunk_id> put_answer{{}, "new"};
};

struct fixture {
  held_chunks below;
  chunk_cache cache{below, {.max_bytes = 20, .max_chunk_bytes = 12, .max_kept_bytes = 6, .overhead_bytes = 0, .max_loading = 2}};
  std::vector<std::string> got;

  void put(const std::vector<std::string>& parts) {
    std::vector<shared_bytes> bytes;
    for (const auto& part : parts) bytes.push_back(shared_bytes::copy_of(as_byte_view(part)));
    cache.put(std::move(bytes), soon(), [this](const result<chunk_id>& stored) { is_stored = stored.is_ok(); });
  }

  bool is_stored = false;

  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count) {
    cache.get(id, position, count, soon(), [this](const result<shared_bytes>& answer) {
      got.push_back(answer.is_ok() ? std::string(as_text(answer.value.view()))
                                   : "error " + std::to_string(static_cast<int>(answer.what.code)));
    });
  }
};

std::string error(status code) { return "error " + std::to_string(static_cast<int>(code)); }

}  // namespace

CAF_TEST_FIXTURE_SCOPE(chunk_cache_tests, fixture)

CAF_TEST(what was not announced is asked for as it is) {
  const auto misses = counted.read_ahead_misses.value();
  get("a", 3, 4);
  CAF_REQUIRE_EQUAL(below.asked.size(), 1u);
  CAF_CHECK_EQUAL(below.asked[0].position, 3u);
  CAF_CHECK_EQUAL(below.asked[0].count, 4u);
  below.answer("3456");
  CAF_CHECK_EQUAL(got, std::vector<std::string>{"3456"});
  CAF_CHECK_EQUAL(cache.size_bytes(), 0u);
  CAF_CHECK_EQUAL(counted.read_ahead_misses.value(), misses + 1);
}

CAF_TEST(an announced chunk is read once and whole) {
  const auto hits = counted.read_ahead_hits.value();
  const auto bytes = counted.read_ahead_bytes.value();
  const auto held = counted.read_ahead_held.value();
  cache.will_read("a", 10);
  cache.will_read("a", 10);
  CAF_REQUIRE_EQUAL(below.asked.size(), 1u);
  CAF_CHECK_EQUAL(below.asked[0].count, 10u);
  get("a", 2, 3);  // while it is on its way
  CAF_CHECK(got.empty());
  below.answer("0123456789");
  get("a", 9, 1);
  get("a", 0, 10);
  CAF_CHECK_EQUAL(got, (std::vector<std::string>{"234", "9", "0123456789"}));
  CAF_CHECK(below.asked.empty());
  CAF_CHECK_EQUAL(counted.read_ahead_hits.value(), hits + 3);
  CAF_CHECK_EQUAL(counted.read_ahead_bytes.value(), bytes + 10);
  CAF_CHECK_EQUAL(counted.read_ahead_held.value(), held + 10);
}

CAF_TEST(the least recently used chunk makes room) {
  cache.will_read("a", 10);
  below.answer("aaaaaaaaaa");
  cache.will_read("b", 10);
  below.answer("bbbbbbbbbb");
  get("a", 0, 1);  // now b is older
  cache.will_read("c", 10);
  below.answer("cccccccccc");
  CAF_CHECK_EQUAL(cache.size_bytes(), 20u);
  get("a", 0, 1);
  get("c", 0, 1);
  CAF_CHECK(below.asked.empty());
  get("b", 0, 1);
  CAF_CHECK_EQUAL(below.asked.size(), 1u);
}

CAF_TEST(a small chunk is kept when it is written) {
  put({"012", "345"});
  CAF_CHECK(is_stored);
  get("new", 2, 3);
  CAF_CHECK_EQUAL(got, std::vector<std::string>{"234"});
  CAF_CHECK(below.asked.empty());
  CAF_CHECK_EQUAL(cache.size_bytes(), 6u);
  cache.will_read("new", 6);  // it is here
  CAF_CHECK(below.asked.empty());
}

CAF_TEST(a written chunk that is large or whose outcome is not known is not kept) {
  put({"0123", "456"});
  CAF_CHECK(is_stored);
  below.put_answer = {{status::unknown, "no answer", 0}, "new"};
  put({"0"});
  CAF_CHECK(!is_stored);
  CAF_CHECK_EQUAL(cache.size_bytes(), 0u);
  get("new", 0, 1);
  CAF_CHECK_EQUAL(below.asked.size(), 1u);
}

CAF_TEST(written chunks are bounded and count with what else each takes) {
  chunk_cache counting{below, {.max_bytes = 22, .max_kept_bytes = 6, .overhead_bytes = 5}};
  for (const char* name : {"a", "b", "c"}) {
    below.put_answer = {{}, name};
    counting.put({shared_bytes::copy_of(as_byte_view("0123"))}, soon(), [](const result<chunk_id>&) {});
  }
  CAF_CHECK_EQUAL(counting.size_bytes(), 18u);  // the oldest is gone
}

CAF_TEST(what is on its way is bounded in number and in bytes) {
  cache.will_read("a", 4);
  cache.will_read("b", 4);
  cache.will_read("c", 4);  // the third at once
  CAF_CHECK_EQUAL(below.asked.size(), 2u);
  below.answer("aaaa");
  below.answer("bbbb");
  cache.will_read("d", 12);
  cache.will_read("e", 12);  // 24 bytes on their way
  CAF_CHECK_EQUAL(below.asked.size(), 1u);
  cache.will_read("f", 13);  // larger than any chunk that is kept
  CAF_CHECK_EQUAL(below.asked.size(), 1u);
  CAF_CHECK(cache.size_bytes() <= 20u);
}

CAF_TEST(doubt goes to those who wait and is not kept) {
  cache.will_read("a", 10);
  get("a", 0, 1);
  below.answer({{status::unknown, "deadline", 0}, {}});
  cache.will_read("b", 10);
  get("b", 0, 1);
  below.answer({{status::absent, {}, 0}, {}});
  CAF_CHECK_EQUAL(got, (std::vector<std::string>{error(status::unknown), error(status::absent)}));
  CAF_CHECK_EQUAL(cache.size_bytes(), 0u);
  cache.will_read("a", 10);
  CAF_CHECK_EQUAL(below.asked.size(), 1u);
}

CAF_TEST(a refusal of the whole says nothing about a part) {
  cache.will_read("a", 10);
  get("a", 4, 2);
  below.answer({{status::refused, "the range ends behind the chunk", 0}, {}});
  CAF_REQUIRE_EQUAL(below.asked.size(), 1u);
  CAF_CHECK_EQUAL(below.asked[0].position, 4u);
  below.answer("45");
  CAF_CHECK_EQUAL(got, std::vector<std::string>{"45"});
}

CAF_TEST(a chunk of another size than announced is not kept) {
  cache.will_read("a", 10);
  get("a", 0, 4);
  get("a", 0, 9);
  below.answer("0123");
  CAF_CHECK_EQUAL(got, std::vector<std::string>{"0123"});
  CAF_REQUIRE_EQUAL(below.asked.size(), 1u);  // the part that was not there: the engine says what it thinks of it
  below.answer({{status::refused, "the range ends behind the chunk", 0}, {}});
  CAF_CHECK_EQUAL(got.back(), error(status::refused));
  CAF_CHECK_EQUAL(cache.size_bytes(), 0u);
}

CAF_TEST(a range behind the chunk is for the engine to refuse) {
  cache.will_read("a", 4);
  below.answer("0123");
  get("a", 3, 2);
  CAF_REQUIRE_EQUAL(below.asked.size(), 1u);
  below.answer({{status::refused, "range", 0}, {}});
  CAF_CHECK_EQUAL(got, std::vector<std::string>{error(status::refused)});
}

CAF_TEST_FIXTURE_SCOPE_END()
