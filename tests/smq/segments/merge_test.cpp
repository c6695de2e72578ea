#define CAF_SUITE segments_merge
#include "smq/segments/merge_log.hpp"
#include "smq/segments/plan_merge.hpp"
#include "tests/smq/run_queue.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <stdexcept>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr merge_rules any_two{.min_sources = 2};

/// Many small files: new leaders, short spans, few chunks.
void small_files(stored_log& s) {
  s.options.max_chunks_per_segment = *rc::gen::inRange<std::size_t>(1, 4);
  std::int64_t ts_ns = 5 * second;
  const auto appends = *rc::gen::inRange(2, 25);
  for (int i = 0; i < appends; ++i) {
    if (*rc::gen::inRange(0, 4) == 0) {
      s.new_leader = true;
      ++s.epoch;
    }
    ts_ns += *rc::gen::element<std::int64_t>(2, second, 400 * second);
    s.append_one(*rc::gen::inRange(1, 10), ts_ns, *rc::gen::inRange<std::size_t>(0, 300));
  }
}

/// All closed files, whatever the rules are.
std::vector<segment> closed_files(const stored_log& s) {
  return {s.log.segments.begin(), s.log.segments.end() - 1};
}

/// Copies and plans; does not write.
std::vector<mutation> plan_unit(stored_log& s, const merge_rules& rules, const std::vector<segment>& sources,
                                segment& merged) {
  testing::run_queue queue;
  copy_segments(s.store, place, sources, rules.max_chunk_bytes, {}, queue.later(),
                [&](result<std::vector<chunk_ref>> copied) {
                  CAF_REQUIRE(copied.is_ok());
                  merged = merged_segment(place, sources, std::move(copied.value));
                });
  queue.run_all();
  return merge_mutations(s.log, place, sources, merged);
}

/// Answers reads when it is told to, the newest first.
class held_reads final : public chunk_port {
 public:
  explicit held_reads(chunk_port& inner) : inner_(inner) {}

  void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) override {
    inner_.put(std::move(parts), deadline, std::move(done));
  }
  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override {
    held.push_back([=, this] { inner_.get(id, position, count, deadline, done); });
    most = std::max(most, held.size());
  }

  void release_newest() {
    const auto read = std::move(held.back());
    held.pop_back();
    read();
  }

  std::vector<std::function<void()>> held;
  std::size_t most = 0;

 private:
  chunk_port& inner_;
};

std::vector<shared_bytes> read_all(stored_log& s) {
  std::vector<shared_bytes> all;
  for (auto offset = s.log.log_start;;) {
    const auto read = s.read(offset, 1000);
    CAF_CHECK(read.is_ok());
    if (read.value.empty()) return all;
    all.insert(all.end(), read.value.begin(), read.value.end());
    offset = next_offset_of(all.back());
  }
}

std::size_t files(const stored_log& s) {
  return static_cast<std::size_t>(std::ranges::count_if(
    s.store.entries, [](const auto& e) { return e.first.ends_with("tidegate.offset") ? false : true; }));
}

}  // namespace

CAF_TEST(every prefix of a merge loads as the same records) {
  CAF_CHECK(rc::check("merge", [] {
    stored_log s;
    small_files(s);
    auto rules = any_two;
    rules.max_chunk_bytes = *rc::gen::element<std::uint64_t>(100, 1000, 1 << 20);
    rules.max_sources = *rc::gen::inRange<std::size_t>(2, 12);
    auto sources = plan_merge(s.log, rules);
    if (sources.empty() || *rc::gen::arbitrary<bool>()) sources = plan_last_merge(s.log, rules);
    RC_PRE(!sources.empty());
    segment merged;
    const auto unit = plan_unit(s, rules, sources, merged);
    const auto before = s.log;
    const auto entries = s.store.entries;
    for (std::size_t applied = 0; applied <= unit.size(); ++applied) {
      s.store.entries = entries;
      s.store.write({unit.begin(), unit.begin() + static_cast<std::ptrdiff_t>(applied)});
      auto loaded = s.load();
      RC_ASSERT(loaded.is_ok());
      RC_ASSERT(loaded.value.next_offset == before.next_offset);
      RC_ASSERT(loaded.value.epochs == before.epochs);
      RC_ASSERT(loaded.value.leftovers.size() == (applied < 2 ? 0 : unit.size() - applied));
      s.log = loaded.value;
      RC_ASSERT(read_all(s) == s.written);
    }
    auto applied = before;
    apply_merge(applied, sources, merged);
    RC_ASSERT(s.log == applied);
    RC_ASSERT(s.log.segments.size() + sources.size() == before.segments.size() + 1);
  }));
}

CAF_TEST(merging again and again leaves few files and every record) {
  stored_log s;
  s.options.max_chunks_per_segment = 2;
  const merge_rules rules;
  const auto merge_all = [&](auto plan) {
    for (auto sources = plan(s.log, rules, {}); !sources.empty(); sources = plan(s.log, rules, {})) {
      segment merged;
      s.store.write(plan_unit(s, rules, sources, merged));
      apply_merge(s.log, sources, merged);
    }
  };
  for (int i = 0; i < 1000; ++i) {
    s.append_one(1, (i + 1) * second);
    merge_all(plan_merge);
  }
  CAF_CHECK_LESS_OR_EQUAL(files(s), 3 * rules.min_sources);  // 500 of them, in tiers of 1, 8 and 64
  CAF_CHECK(read_all(s) == s.written);
  merge_all(plan_last_merge);
  CAF_CHECK_EQUAL(files(s), 2u);
  CAF_CHECK(read_all(s) == s.written);
  auto loaded = s.load();
  CAF_CHECK(loaded.is_ok() && loaded.value == s.log);
}

CAF_TEST(a damaged source is not copied) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 4; ++i) s.append_one(1, (i + 1) * second);
  auto& bytes = s.store.chunks["chunk-1"];
  bytes.back() ^= std::byte{1};
  outcome what;
  testing::run_queue queue;
  copy_segments(s.store, place, closed_files(s), 1 << 20, {}, queue.later(),
                [&](const result<std::vector<chunk_ref>>& copied) { what = copied.what; });
  queue.run_all();
  CAF_CHECK(what.code == status::refused && what.is_damaged);
}

CAF_TEST(a copy that fails says what it had copied) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 4; ++i) s.append_one(1, (i + 1) * second);
  s.store.chunks["chunk-2"].back() ^= std::byte{1};
  const auto before = s.store.chunks;
  result<std::vector<chunk_ref>> copied;
  testing::run_queue queue;
  const std::uint64_t alone = 1;  // every source chunk becomes one
  copy_segments(s.store, place, closed_files(s), alone, {}, queue.later(),
                [&](const result<std::vector<chunk_ref>>& got) { copied = got; });
  queue.run_all();
  CAF_CHECK(copied.what.code == status::refused);
  CAF_CHECK_EQUAL(copied.value.size(), 2u);
  for (const auto& c : copied.value) CAF_CHECK_EQUAL(s.store.chunks.erase(c.id), 1u);
  CAF_CHECK(s.store.chunks == before);
}

CAF_TEST(a source that was trimmed meanwhile stops the merge) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 4; ++i) s.append_one(1, (i + 1) * second);
  const auto sources = closed_files(s);
  segment merged;
  CAF_CHECK(!plan_unit(s, any_two, sources, merged).empty());
  apply_trim(s.log, plan_trim(s.log, 1));
  CAF_CHECK(merge_mutations(s.log, place, sources, merged).empty());
}

CAF_TEST(others get their turn between two chunks of a copy) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 5; ++i) s.append_one(1, (i + 1) * second);
  testing::run_queue queue;
  bool is_done = false;
  copy_segments(s.store, place, closed_files(s), 1 << 20, {}, queue.later(),
                [&](const result<std::vector<chunk_ref>>& copied) { is_done = copied.is_ok(); });
  int turns = 0;
  while (!is_done && queue.run_one()) ++turns;
  CAF_CHECK(is_done);
  CAF_CHECK_EQUAL(turns, 4 + 1);  // four chunks read, one put
}

CAF_TEST(one file of many chunks is merged into itself) {
  stored_log s;
  s.options.max_chunks_per_segment = 6;
  for (int i = 0; i < 7; ++i) s.append_one(1, (i + 1) * second);
  merge_rules rules;
  rules.min_chunks = 6;
  const auto sources = plan_merge(s.log, rules);
  CAF_REQUIRE_EQUAL(sources.size(), 1u);
  segment merged;
  const auto unit = plan_unit(s, rules, sources, merged);
  CAF_CHECK_EQUAL(unit.size(), 2u);
  s.store.write(unit);
  apply_merge(s.log, sources, merged);
  CAF_CHECK_EQUAL(s.log.segments[0].chunks.size(), 1u);
  CAF_CHECK(s.load().value == s.log);
  CAF_CHECK(read_all(s) == s.written);
  CAF_CHECK(plan_merge(s.log, rules).empty());
}

CAF_TEST(a merge whose sources are not in the log is not applied) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 4; ++i) s.append_one(1, (i + 1) * second);
  const auto sources = closed_files(s);
  segment merged;
  plan_unit(s, any_two, sources, merged);
  apply_trim(s.log, plan_trim(s.log, 1));
  auto refused = false;
  try {
    apply_merge(s.log, sources, merged);
  } catch (const std::logic_error&) {
    refused = true;
  }
  CAF_CHECK(refused);
}

CAF_TEST(a copy reads a few chunks at once and keeps their order) {
  stored_log s;
  s.options.max_chunks_per_segment = 3;
  for (int i = 0; i < 19; ++i) s.append_one(1, (i + 1) * second);
  held_reads reads(s.store);
  result<std::vector<chunk_ref>> copied{{status::unknown, "no answer", 0}, {}};
  testing::run_queue queue;
  copy_segments(reads, place, closed_files(s), 500, {}, queue.later(),
                [&](const result<std::vector<chunk_ref>>& got) { copied = got; });
  while (!reads.held.empty()) {
    CAF_CHECK_LESS_OR_EQUAL(reads.held.size(), 4u);
    reads.release_newest();
    queue.run_all();
  }
  CAF_REQUIRE(copied.is_ok());
  CAF_CHECK_EQUAL(reads.most, 4u);
  const auto sources = closed_files(s);
  const auto merged = merged_segment(place, sources, copied.value);
  s.store.write(merge_mutations(s.log, place, sources, merged));
  s.log = s.load().value;
  CAF_CHECK(read_all(s) == s.written);
}

CAF_TEST(a copy reads large chunks one by one) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 5; ++i) s.append_one(1, (i + 1) * second, 600'000);
  held_reads reads(s.store);
  bool is_done = false;
  testing::run_queue queue;
  copy_segments(reads, place, closed_files(s), 1 << 20, {}, queue.later(),
                [&](const result<std::vector<chunk_ref>>& copied) { is_done = copied.is_ok(); });
  while (!reads.held.empty()) {
    reads.release_newest();
    queue.run_all();
  }
  CAF_CHECK(is_done);
  CAF_CHECK_EQUAL(reads.most, 1u);
}

CAF_TEST(a copy that fails is over once whatever is still being read) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 6; ++i) s.append_one(1, (i + 1) * second);
  s.store.chunks["chunk-0"].back() ^= std::byte{1};
  held_reads reads(s.store);
  int answers = 0;
  testing::run_queue queue;
  copy_segments(reads, place, closed_files(s), 1 << 20, {}, queue.later(),
                [&](const result<std::vector<chunk_ref>>& copied) { answers += copied.is_ok() ? 100 : 1; });
  while (!reads.held.empty()) {
    reads.release_newest();
    queue.run_all();
  }
  CAF_CHECK_EQUAL(answers, 1);
  CAF_CHECK_EQUAL(reads.most, 4u);
}
