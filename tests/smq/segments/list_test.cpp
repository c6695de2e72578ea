#define CAF_SUITE segments_list
#include "smq/segments/list_segments.hpp"
#include "smq/segments/merge_log.hpp"
#include "smq/segments/plan_merge.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/smq/run_queue.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// A log of `files` files with a few records each.
void many_files(stored_log& s, int files) {
  s.store.page_limit = 50;
  s.options.max_chunks_per_segment = 1;
  auto ts_ns = std::max(s.log.last_ts_ns, 5 * second);
  for (int i = 0; i < files; ++i) {
    ts_ns += (i % 7 + 1) * 30 * second;
    s.append_one(i % 3 + 1, ts_ns);
  }
}

outcome list_range(stored_log& s, const segment_range& range) {
  outcome what{status::unknown, "no answer", 0};
  list_segments(s.store, place, range, {}, [&](result<listed_segments> found) {
    what = found.is_ok() ? add_listed(s.log, range, std::move(found.value)) : found.what;
  });
  return what;
}

/// One batch, as an offset actor reads it. The number of ranges that had to be listed is added to `listings`.
std::vector<shared_bytes> read_one(stored_log& s, std::int64_t offset, int& listings) {
  while (const auto missing = unlisted_for(s.log, offset)) {
    ++listings;
    RC_ASSERT(list_range(s, *missing).is_ok());
  }
  const auto read = s.read(offset, 1);
  RC_ASSERT(read.is_ok());
  return read.value;
}

void merge_some(stored_log& s, const merge_rules& rules, std::size_t prefix = SIZE_MAX) {
  const auto sources = plan_last_merge(s.log, rules);
  RC_PRE(!sources.empty());
  testing::run_queue queue;
  segment merged;
  copy_segments(s.store, place, sources, rules.max_chunk_bytes, {}, queue.later(),
                [&](result<std::vector<chunk_ref>> copied) {
                  merged = merged_segment(place, sources, std::move(copied.value));
                });
  queue.run_all();
  auto unit = merge_mutations(s.log, place, sources, merged);
  unit.resize(std::min(prefix, unit.size()));
  s.store.write(unit);
  if (prefix == SIZE_MAX) apply_merge(s.log, sources, merged);
}

}  // namespace

CAF_TEST(a long log is loaded with its newest files only) {
  stored_log s;
  many_files(s, 1000);
  const auto whole = s.load();
  CAF_REQUIRE(whole.is_ok());
  CAF_CHECK_EQUAL(whole.value.segments.size(), 1000u);
  CAF_CHECK(whole.value == s.log);
  const auto newest = s.load(load_extent::newest);
  CAF_REQUIRE(newest.is_ok());
  CAF_CHECK(newest.value.segments.size() <= 2 * segments_per_mark);
  CAF_CHECK_EQUAL(newest.value.next_offset, s.log.next_offset);
  CAF_CHECK(newest.value.marks == s.log.marks);
  CAF_CHECK_EQUAL(newest.value.unlisted.size(), newest.value.marks.size());
}

CAF_TEST(any offset is read after a few files are listed) {
  CAF_CHECK(rc::check("reads", [] {
    stored_log s;
    many_files(s, *rc::gen::inRange(1, 300));
    if (*rc::gen::arbitrary<bool>()) {  // other names and fewer files, also across marks
      s.store.write({write_partition_entry(s.log, place)});
      merge_some(s, {.min_sources = 2, .max_sources = *rc::gen::inRange<std::size_t>(2, 100)},
                 *rc::gen::element<std::size_t>(SIZE_MAX, 0, 1, 2, 3, 30));
    }
    s.log = s.load(load_extent::newest).value;
    const auto written = s.written;
    for (int i = 0; i < 5; ++i) {
      const auto& wanted = written[*rc::gen::inRange<std::size_t>(0, written.size())];
      int listings = 0;
      const auto read = read_one(s, next_offset_of(wanted) - 1, listings);
      RC_ASSERT(read.size() == 1);
      RC_ASSERT(std::ranges::equal(read.front().view(), wanted.view()));
      RC_ASSERT(listings <= 1);
    }
  }));
}

CAF_TEST(all ranges together are the whole log) {
  CAF_CHECK(rc::check("ranges", [] {
    stored_log s;
    many_files(s, *rc::gen::inRange(1, 400));
    if (*rc::gen::arbitrary<bool>())
      merge_some(s, {.min_sources = 2, .max_sources = 50}, *rc::gen::inRange<std::size_t>(0, 60));
    const auto whole = s.load().value;
    s.log = s.load(load_extent::newest).value;
    for (int i = *rc::gen::inRange(0, 3); i > 0 && !s.log.unlisted.empty(); --i)
      RC_ASSERT(list_range(s, *rc::gen::elementOf(s.log.unlisted)).is_ok());
    while (const auto missing = newest_unlisted(s.log)) RC_ASSERT(list_range(s, *missing).is_ok());
    RC_ASSERT(s.log.segments == whole.segments);
    std::ranges::sort(s.log.leftovers);
    auto leftovers = whole.leftovers;
    std::ranges::sort(leftovers);
    RC_ASSERT(s.log.leftovers == leftovers);
  }));
}

CAF_TEST(a view ends where files are not listed) {
  stored_log s;
  many_files(s, 200);
  const auto all = s.log.segments;
  s.log = s.load(load_extent::newest).value;
  const auto ranges = s.log.unlisted;  // files 0 to 31, 32 to 63, …
  CAF_REQUIRE(list_range(s, ranges[1]).is_ok());
  CAF_REQUIRE(list_range(s, ranges[3]).is_ok());
  const auto view_from = [&](std::size_t file) {
    return make_view(s.log, place, all[file].base_offset, s.log.next_offset, 10);
  };
  CAF_CHECK_EQUAL(view_from(40)->segments.size(), 10u);
  const auto cut = view_from(60);
  CAF_CHECK_EQUAL(cut->segments.size(), 4u);
  CAF_CHECK_EQUAL(cut->end_offset, all[63].next_offset);
  CAF_REQUIRE(list_range(s, ranges[2]).is_ok());
  CAF_CHECK_EQUAL(view_from(60)->segments.size(), 10u);
}

CAF_TEST(an entry without marks is loaded as before and marked from then on) {
  stored_log s;
  many_files(s, 100);
  s.store.write({write_partition_entry(s.log, place, {})});
  const auto loaded = s.load(load_extent::newest);
  CAF_REQUIRE(loaded.is_ok());
  CAF_CHECK_EQUAL(loaded.value.segments.size(), 100u);
  CAF_CHECK(loaded.value.marks == s.log.marks);
}

CAF_TEST(a log that ends before its last mark is loaded whole) {
  stored_log s;
  many_files(s, 100);
  const auto mark = s.log.marks.back();
  std::erase_if(s.store.entries, [&](const auto& e) {
    return e.second.path >= place.directory + "/" + segment_name(mark.name_second, mark.base_offset) &&
           !e.first.ends_with(".offset");
  });
  const auto loaded = s.load(load_extent::newest);
  CAF_REQUIRE(loaded.is_ok());
  CAF_CHECK_EQUAL(loaded.value.segments.size(), 96u);
  CAF_CHECK(undeclared_tail_gap(loaded.value, 9).has_value());
}

CAF_TEST(damage in old files is an error for those who need them) {
  stored_log s;
  many_files(s, 100);
  for (auto& [path, e] : s.store.entries)
    if (path.ends_with(s.log.segments[3].name)) e.attributes["tg.seg"][5] ^= 1;
  s.log = s.load(load_extent::newest).value;
  CAF_CHECK(!unlisted_for(s.log, s.log.next_offset - 1));
  const auto missing = unlisted_for(s.log, 0);
  CAF_REQUIRE(missing.has_value());
  CAF_CHECK(list_range(s, *missing).code == status::refused);
  CAF_CHECK(unlisted_for(s.log, 0) == missing);
}

CAF_TEST(the marks of a very long log stay few) {
  log_state log;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    segment g;
    g.name_second = i;
    g.base_offset = 10 * i;
    log.segments.push_back(g);
    if (log.segments.size() > 5 * segments_per_mark) log.segments.erase(log.segments.begin());
    add_marks(log);
  }
  CAF_CHECK(log.marks.size() <= partition_entry::max_marks);
  CAF_CHECK(log.marks.size() > partition_entry::max_marks / 2);
  CAF_CHECK(std::ranges::is_sorted(log.marks));
  CAF_CHECK(log.marks.back().name_second > 20'000 - 2 * static_cast<std::int64_t>(segments_per_mark));
}
