#define CAF_SUITE segments_log
#include "smq/segments/segment_attributes.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <stdexcept>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// Random batches, leaders, pauses and trims.
void random_history(stored_log& s) {
  s.options.max_chunks_per_segment = *rc::gen::inRange<std::size_t>(1, 5);
  s.options.max_segment_bytes = *rc::gen::element<std::uint64_t>(500, 2000, 1'000'000);
  auto ts_ns = *rc::gen::inRange<std::int64_t>(1, 2'000'000'000);
  auto appends = *rc::gen::inRange(1, 20);
  for (int i = 0; i < appends; ++i) {
    if (*rc::gen::inRange(0, 5) == 0) {
      s.new_leader = true;
      ++s.epoch;
    }
    std::vector<planned_batch> batches;
    auto at = s.log;
    auto count = *rc::gen::inRange(1, 6);
    for (int k = 0; k < count; ++k) {
      ts_ns += *rc::gen::element<std::int64_t>(2, second, 400 * second);
      batches.push_back(s.plan_one(at, *rc::gen::inRange(1, 10), ts_ns, *rc::gen::inRange<std::size_t>(0, 300)));
      at.next_offset += batches.back().record_count;
      ++at.next_message_number;
    }
    if (*rc::gen::arbitrary<bool>())
      s.append(std::move(batches));
    else
      s.append_ahead(std::move(batches));
  }
}

std::int64_t base_of(const shared_bytes& batch) { return be_reader{batch.view()}.get<std::int64_t>(); }

bool is_damaged(const outcome& what) { return what.code == status::refused && what.is_damaged; }

}  // namespace

CAF_TEST(an empty directory is a new log) {
  stored_log s;
  auto loaded = s.load();
  CAF_CHECK(loaded.is_ok());
  CAF_CHECK(loaded.value == log_state{});
}

CAF_TEST(loading gives the state that appending left) {
  CAF_CHECK(rc::check("reload", [] {
    stored_log s;
    random_history(s);
    auto loaded = s.load();
    RC_ASSERT(loaded.is_ok());
    RC_ASSERT(loaded.value == s.log);
  }));
}

CAF_TEST(reading from any offset gives the stored batches byte for byte) {
  CAF_CHECK(rc::check("read", [] {
    stored_log s;
    random_history(s);
    index_cache index{1 << 16};
    auto max_bytes = *rc::gen::element<std::size_t>(1, 200, 1000, 1'000'000);
    auto use_index = *rc::gen::arbitrary<bool>();
    auto start = *rc::gen::inRange<std::int64_t>(0, s.log.next_offset);
    auto expected = std::ranges::upper_bound(s.written, start, {}, base_of) - 1;
    auto offset = start;
    while (offset < s.log.next_offset) {
      auto answer = s.read(offset, max_bytes, use_index ? &index : nullptr);
      RC_ASSERT(answer.is_ok());
      RC_ASSERT(!answer.value.empty());
      std::size_t bytes = 0;
      for (const auto& batch : answer.value) {
        RC_ASSERT(batch == *expected);
        bytes += batch.size();
        ++expected;
      }
      RC_ASSERT(bytes <= max_bytes || answer.value.size() == 1);
      offset = expected == s.written.end() ? s.log.next_offset : base_of(*expected);
    }
    RC_ASSERT(s.read(offset, max_bytes).value.empty());
  }));
}

CAF_TEST(a consumer that goes on does not search) {
  stored_log s;
  for (int i = 0; i < 40; ++i) s.append_one(1, (i + 1) * 1000, 300);
  index_cache index{1 << 16};
  auto first = s.read(0, 900, &index);
  CAF_REQUIRE_EQUAL(first.value.size(), 2u);
  s.store.chunk_reads = 0;
  CAF_CHECK_EQUAL(s.read(2, 1, &index).value.size(), 1u);
  CAF_CHECK(s.store.chunk_reads <= 2);
}

CAF_TEST(a chunk that does not fit behind a half full answer is not read to find that out) {
  stored_log s;
  for (int i = 0; i < 10; ++i) s.append_one(1, (i + 1) * 1000, 3000);
  index_cache index{1 << 16};
  std::uint64_t stored_bytes = 0;
  for (const auto& [id, bytes] : s.store.chunks) stored_bytes += bytes.size();
  for (std::int64_t offset = 0; offset < 10; ++offset) {
    const auto answer = s.read(offset, 4000, &index);
    CAF_REQUIRE_EQUAL(answer.value.size(), 1u);
    CAF_CHECK(answer.value.front() == s.written[static_cast<std::size_t>(offset)]);
  }
  CAF_CHECK_EQUAL(s.store.bytes_read, stored_bytes);
  CAF_CHECK_EQUAL(s.read(0, 8000, &index).value.size(), 2u);
}

CAF_TEST(a wrong index point is forgotten and the batch is found) {
  stored_log s;
  for (int i = 0; i < 10; ++i) s.append_one(1, (i + 1) * 1000);
  index_cache index{1 << 16};
  index.put(place.topic_id, place.partition, 5, {0, 3, 0});
  auto answer = s.read(5, 1, &index);
  CAF_REQUIRE(answer.is_ok());
  CAF_CHECK(answer.value.front() == s.written[5]);
  index.put(place.topic_id, place.partition, 6, {0, 3, 17});
  answer = s.read(6, 1, &index);
  CAF_REQUIRE(answer.is_ok());
  CAF_CHECK(answer.value.front() == s.written[6]);
}

CAF_TEST(any flipped bit in a chunk is damage or changes nothing) {
  CAF_CHECK(rc::check("flipped bit", [] {
    stored_log s;
    random_history(s);
    auto chunk = std::next(s.store.chunks.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(s.store.chunks)));
    auto position = *rc::gen::inRange<std::size_t>(0, chunk->second.size());
    chunk->second[position] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
    auto offset = *rc::gen::inRange<std::int64_t>(0, s.log.next_offset);
    auto answer = s.read(offset, 1'000'000);
    if (!answer.is_ok()) {
      RC_ASSERT(is_damaged(answer.what));
      return;
    }
    auto expected = std::ranges::upper_bound(s.written, offset, {}, base_of) - 1;
    for (const auto& batch : answer.value) RC_ASSERT(batch == *expected++);
  }));
}

CAF_TEST(chunks that are cut off or swapped are damage and a lost one is absent) {
  auto history = [](stored_log& s) {
    for (int i = 0; i < 6; ++i) s.append_one(2, (i + 1) * 1000);
  };
  stored_log cut;
  history(cut);
  cut.store.chunks["chunk-2"].resize(50);
  CAF_CHECK(is_damaged(cut.read(4, 100).what));
  stored_log swapped;
  history(swapped);
  std::swap(swapped.store.chunks["chunk-2"], swapped.store.chunks["chunk-3"]);
  CAF_CHECK(is_damaged(swapped.read(4, 100'000).what));
  stored_log lost;
  history(lost);
  lost.store.chunks.erase("chunk-2");
  CAF_CHECK(lost.read(4, 100).what.code == status::absent);
}

CAF_TEST(what stands before a damaged batch is served) {
  stored_log s;
  for (int i = 0; i < 6; ++i) s.append_one(2, (i + 1) * 1000);
  s.store.chunks["chunk-4"].back() ^= std::byte{1};
  s.store.chunks["chunk-3"][60] ^= std::byte{1};
  CAF_CHECK_EQUAL(s.read(0, 100'000).value.size(), 3u);
  CAF_CHECK(is_damaged(s.read(6, 100'000).what));
  CAF_CHECK(s.read(10, 100'000).is_ok());
}

CAF_TEST(a doubt of the engine stays a doubt) {
  stored_log s;
  s.append_one(1, 1000);
  s.store.fail_with = outcome{status::unknown, "late", 0};
  CAF_CHECK(s.load().what.code == status::unknown);
  CAF_CHECK(s.read(0, 1).what.code == status::unknown);
  CAF_CHECK(s.find(0).what.code == status::unknown);
}

CAF_TEST(overlapping and unreadable segments are damage) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 3; ++i) s.append_one(2, (i + 1) * 1000);
  auto whole = s.store.entries;
  auto path = s.log.segments[1].path;
  auto a = *decode_segment_attributes(whole[path].attributes);
  a.next_offset = 5;
  s.store.entries[path].attributes = encode_segment_attributes(a);
  CAF_CHECK(is_damaged(s.load().what));
  s.store.entries = whole;
  s.store.entries[path].attributes.erase("tg.seg");
  CAF_CHECK(is_damaged(s.load().what));
  s.store.entries = whole;
  s.store.entries[path].chunks[0].offset = 1;
  CAF_CHECK(is_damaged(s.load().what));
  s.store.entries = whole;
  s.store.entries[place.directory + "/tidegate.offset"].content.resize(20);
  CAF_CHECK(is_damaged(s.load().what));
}

CAF_TEST(foreign files are counted and not served) {
  stored_log s;
  s.append_one(1, 1000);
  s.store.entries[place.directory + "/2023-11-14-22-13-19"] = {place.directory + "/2023-11-14-22-13-19", "", {}, {}};
  auto loaded = s.load();
  CAF_CHECK(loaded.is_ok());
  CAF_CHECK_EQUAL(loaded.value.foreign_files, 1u);
  CAF_CHECK_EQUAL(loaded.value.segments.size(), 1u);
}

CAF_TEST(a segment that vanished in the middle is damage for its offsets only) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 3; ++i) s.append_one(2, (i + 1) * 1000);
  s.store.entries.erase(s.log.segments[1].path);
  auto loaded = s.load();
  CAF_REQUIRE(loaded.is_ok());
  s.log = loaded.value;
  CAF_CHECK_EQUAL(s.read(0, 100'000).value.size(), 1u);
  CAF_CHECK(is_damaged(s.read(2, 1).what));
  CAF_CHECK_EQUAL(s.read(4, 1).value.size(), 1u);
}

CAF_TEST(rewound storage becomes a declared gap and reads go on behind it) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  for (int i = 0; i < 3; ++i) s.append_one(2, (i + 1) * 1000);
  s.store.write({write_partition_entry(s.log, place)});
  s.store.entries.erase(s.log.segments[2].path);
  s.log = s.load().value;
  CAF_CHECK_EQUAL(s.log.next_offset, 6);
  auto gap = undeclared_tail_gap(s.log, 2);
  CAF_REQUIRE(gap.has_value());
  CAF_CHECK(*gap == (offset_gap{4, 6, 2}));
  declare_gap(s.log, *gap);
  s.store.write({write_partition_entry(s.log, place)});
  CAF_CHECK(!undeclared_tail_gap(s.load().value, 2));
  s.epoch = 2;
  s.new_leader = true;
  s.append_one(3, 9000);
  CAF_CHECK(s.load().value == s.log);
  CAF_CHECK_EQUAL(s.read(5, 1).value.size(), 1u);
  CAF_CHECK_EQUAL(base_of(s.read(5, 1).value.at(0)), 6);
  CAF_CHECK_EQUAL(s.read(2, 100'000).value.size(), 2u);
}

CAF_TEST(a roll writes the partition entry first and any prefix loads) {
  stored_log s;
  s.append_one(2, 1000);
  s.new_leader = true;
  s.epoch = 4;
  const uploaded_append append{plan_append(tail_of(s.log, true), place, {s.plan_one(s.log, 1, 2000)}), "chunk-x"};
  CAF_CHECK(append.plan.rolls);
  auto all = mutations(s.log, {&append, 1});
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[0].target.path, place.directory + "/tidegate.offset");
  s.store.write({all[0]});
  auto loaded = s.load();
  CAF_CHECK(loaded.is_ok());
  CAF_CHECK_EQUAL(loaded.value.next_offset, 2);
  CAF_CHECK(loaded.value.epochs == (std::vector<epoch_start>{{1, 0}, {4, 2}}));
}

CAF_TEST(one plan ends at the end of its span) {
  stored_log s;
  auto first = s.plan_one(s.log, 1, 599 * second);
  auto at = s.log;
  at.next_offset = at.next_message_number = 1;
  auto next = s.plan_one(at, 1, 600 * second);
  auto plan = plan_append(tail_of(s.log, false), place, {first, next});
  CAF_CHECK_EQUAL(plan.covered, 1u);
  CAF_CHECK_EQUAL(plan.after.name, "1970-01-01-00-09-59.00000000000000000000");
}

CAF_TEST(batches that do not continue the log are a bug) {
  stored_log s;
  s.append_one(2, 1000);
  auto b = s.plan_one(s.log, 1, 2000);
  for (auto change : {+[](planned_batch& x) { ++x.base_offset; }, +[](planned_batch& x) { --x.message_number; },
                      +[](planned_batch& x) { x.ts_ns = 1000; }}) {
    auto wrong = b;
    change(wrong);
    auto refused = false;
    try {
      plan_append(tail_of(s.log, false), place, {wrong});
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CAF_CHECK(refused);
  }
}

CAF_TEST(a time is found in the first batch that reaches it) {
  CAF_CHECK(rc::check("find by timestamp", [] {
    stored_log s;
    s.options.max_chunks_per_segment = *rc::gen::inRange<std::size_t>(1, 4);
    std::vector<std::int64_t> times;
    auto count = *rc::gen::inRange(1, 15);
    for (int i = 0; i < count; ++i) {
      times.push_back(*rc::gen::inRange(0, 50));
      s.append_one(1, (i + 1) * 1000, 20, times.back());
    }
    auto wanted = *rc::gen::inRange(0, 55);
    auto expected = std::ranges::find_if(times, [&](auto t) { return t >= wanted; });
    auto found = s.find(wanted);
    RC_ASSERT(found.is_ok());
    if (expected == times.end())
      RC_ASSERT(found.value.empty());
    else
      RC_ASSERT(found.value == s.written[static_cast<std::size_t>(expected - times.begin())]);
  }));
}

CAF_TEST(many chunks are walked without nesting) {
  stored_log s;
  for (int i = 0; i < 5000; ++i) s.append_one(1, (i + 1) * 1000);
  s.store.page_limit = 1;
  CAF_CHECK(s.load().value == s.log);
  result<std::vector<shared_bytes>> read;
  read_log(s.store.ports(), make_view(s.log, place, 10, s.log.next_offset, SIZE_MAX), 10, SIZE_MAX, {}, nullptr,
           [&](result<std::vector<shared_bytes>> r) { read = std::move(r); });
  CAF_CHECK(read.is_ok());
  CAF_CHECK_EQUAL(read.value.size(), 4990u);
}

CAF_TEST(a snapshot survives a clean close and one that is too large is not taken) {
  stored_log s;
  s.append_one(1, 1000);
  set_snapshot(s.log, byte_buffer(100, std::byte{7}), 1);
  auto refused = false;
  try {
    set_snapshot(s.log, byte_buffer(partition_entry::max_snapshot_bytes + 1), 2);
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  CAF_CHECK(refused);
  s.store.write({write_partition_entry(s.log, place), write_checkpoint(s.log, place)});
  CAF_CHECK(s.load().value == s.log);
  CAF_CHECK_EQUAL(s.log.snapshot_offset, 1);
  CAF_CHECK_EQUAL(s.store.entries[place.directory + "/checkpoint.offset"].content, std::string(8, '\0'));
}

CAF_TEST(the index forgets what was used longest ago) {
  index_cache index{2 * index_cache::point_bytes};
  for (int i = 0; i < 2; ++i) index.put(place.topic_id, 1, i, {i, 0, 0});
  CAF_CHECK(index.find(place.topic_id, 1, 0).has_value());
  index.put(place.topic_id, 1, 2, {2, 0, 0});
  CAF_CHECK(index.find(place.topic_id, 1, 0).has_value());
  CAF_CHECK(!index.find(place.topic_id, 1, 1));
  CAF_CHECK(!index.find(place.topic_id, 2, 0));
  CAF_CHECK_EQUAL(index.size_bytes(), 2 * index_cache::point_bytes);
}
