#define CAF_SUITE segments_plan_merge
// Which files are merged, over logs of nothing but sizes.
#include "smq/segments/merge_log.hpp"
#include "smq/segments/plan_merge.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <utility>

using namespace tidegate;
using namespace tidegate::smq;

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
const partition_place place{"orders", {}, 0, "/topics/kafka/orders/v1/0000-0031", 600};

std::vector<chunk_ref> chunks_of(std::uint64_t bytes, std::uint64_t chunk_bytes) {
  std::vector<chunk_ref> chunks;
  for (std::uint64_t at = 0; at < bytes; at += chunk_bytes)
    chunks.push_back({"c", at, std::min(chunk_bytes, bytes - at), 0});
  return chunks;
}

/// One message per file; what a merge copies is counted.
struct sizes_log {
  log_state log;
  std::uint64_t appended = 0;
  std::uint64_t copied = 0;

  /// The newest file, open until the next one comes.
  void add(std::uint64_t bytes, std::size_t chunks = 1) {
    segment s;
    s.base_offset = s.first_message_number = log.next_offset++;
    s.next_offset = s.next_message_number = log.next_offset;
    s.chunks = chunks_of(bytes, (bytes + chunks - 1) / chunks);
    log.segments.push_back(std::move(s));
    appended += bytes;
  }

  void apply(const std::vector<segment>& sources, const merge_rules& rules) {
    std::uint64_t bytes = 0;
    for (const auto& s : sources) bytes += s.size_bytes();
    copied += bytes;
    apply_merge(log, sources, merged_segment(place, sources, chunks_of(bytes, rules.max_chunk_bytes)));
  }

  /// The number of merges until there is nothing to do.
  template <class Plan>
  std::size_t merge_all(Plan plan, const merge_rules& rules) {
    for (std::size_t merges = 0;; ++merges) {
      const auto sources = plan(log, rules, std::set<std::int64_t>{});
      if (sources.empty()) return merges;
      apply(sources, rules);
    }
  }

  std::vector<std::uint64_t> sizes() const {
    std::vector<std::uint64_t> all;
    for (const auto& s : log.segments) all.push_back(s.size_bytes());
    return all;
  }
  std::size_t closed() const { return log.segments.size() - 1; }
};

sizes_log log_of(const std::vector<std::uint64_t>& sizes) {
  sizes_log made;
  for (const auto bytes : sizes) made.add(bytes);
  return made;
}

std::vector<std::int64_t> offsets_of(const std::vector<segment>& files) {
  std::vector<std::int64_t> all;
  for (const auto& s : files) all.push_back(s.base_offset);
  return all;
}

using offsets = std::vector<std::int64_t>;

merge_rules any_rules() {
  merge_rules rules;
  rules.min_sources = *rc::gen::inRange<std::size_t>(2, 12);
  rules.max_sources = rules.min_sources + *rc::gen::inRange<std::size_t>(0, 60);
  rules.min_chunks = *rc::gen::element<std::size_t>(SIZE_MAX, 3, 20);
  rules.max_bytes = *rc::gen::element(100 * kib, 8 * mib, 64 * mib);
  rules.small_chunk_bytes = *rc::gen::element(1 * kib, 512 * kib);
  rules.max_chunk_bytes = *rc::gen::element(50 * kib, 8 * mib);
  return rules;
}

sizes_log any_log() {
  sizes_log made;
  for (int i = *rc::gen::inRange(0, 120); i > 0; --i) {
    const auto unit = *rc::gen::element<std::uint64_t>(1, 100, 10 * kib, 1 * mib, 5 * mib);
    made.add(unit * *rc::gen::inRange<std::uint64_t>(1, 20), *rc::gen::element<std::size_t>(1, 1, 2, 16, 64));
    if (*rc::gen::inRange(0, 15) == 0) ++made.log.next_offset;  // a declared gap
  }
  made.log.log_start = *rc::gen::inRange<std::int64_t>(0, 10);
  return made;
}

void check_plan(const log_state& log, const merge_rules& rules, const std::set<std::int64_t>& except,
                const std::vector<segment>& plan) {
  if (plan.empty()) return;
  const auto found = std::ranges::search(log.segments, plan);
  RC_ASSERT(!found.empty());
  RC_ASSERT(found.end() != log.segments.end());  // the open one
  RC_ASSERT(plan.size() <= rules.max_sources);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (i > 0) {  // outside: RC_ASSERT evaluates both sides of ||
      RC_ASSERT(plan[i].base_offset == plan[i - 1].next_offset);
      RC_ASSERT(plan[i].first_message_number == plan[i - 1].next_message_number);
    }
    RC_ASSERT(plan[i].next_offset > log.log_start);
    RC_ASSERT(except.count(plan[i].base_offset) == 0);
    RC_ASSERT(plan[i].size_bytes() < rules.max_bytes);
    RC_ASSERT(plan[i].size_bytes() < rules.max_chunk_bytes ||
              plan[i].size_bytes() / plan[i].chunks.size() < rules.small_chunk_bytes);
    bytes += plan[i].size_bytes();
  }
  RC_ASSERT(bytes <= rules.max_bytes);
  if (plan.size() == 1) RC_ASSERT(plan.front().chunks.size() >= rules.min_chunks);
}

/// Tiers above `bytes` and not above `all`.
std::size_t tiers_between(const merge_rules& rules, std::uint64_t bytes, std::uint64_t all) {
  std::size_t count = 0;
  for (auto tier = rules.max_bytes / 2; tier > bytes; tier /= rules.min_sources)
    if (tier <= all) ++count;
  return count;
}

}  // namespace

CAF_TEST(any plan is a run of closed neighbours within the rules and there is an end of them) {
  CAF_CHECK(rc::check("plans", [] {
    const auto rules = any_rules();
    auto made = any_log();
    const auto planner = *rc::gen::arbitrary<bool>() ? plan_merge : plan_last_merge;
    std::set<std::int64_t> except;
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) except.insert(*rc::gen::inRange<std::int64_t>(0, 100));
    std::size_t crumbled = 0;
    for (const auto& s : made.log.segments) crumbled += s.chunks.size() >= rules.min_chunks ? 1 : 0;
    // Each merge takes a file away, or makes one of many chunks whole, also one that was merged.
    const auto most = 2 * made.log.segments.size() + crumbled;
    for (std::size_t merges = 0;; ++merges) {
      RC_ASSERT(merges <= most);
      const auto plan = planner(made.log, rules, except);
      check_plan(made.log, rules, except, plan);
      if (plan.empty()) return;
      made.apply(plan, rules);
    }
  }));
}

CAF_TEST(a long log of steady appends has few files and few copies of each byte) {
  CAF_CHECK(rc::check("steady", [] {
    merge_rules rules;
    rules.min_sources = *rc::gen::inRange<std::size_t>(2, 12);
    rules.max_bytes = *rc::gen::element(8 * mib, 64 * mib);
    const auto bytes = *rc::gen::inRange<std::uint64_t>(100, 100 * kib);
    const auto spread = *rc::gen::inRange<std::uint64_t>(1, 5);
    sizes_log made;
    for (int i = *rc::gen::inRange(1, 2000); i > 0; --i) {
      made.add(bytes + *rc::gen::inRange<std::uint64_t>(0, bytes / spread));
      made.merge_all(plan_merge, rules);
      const auto tiers = tiers_between(rules, bytes, made.appended);
      RC_ASSERT(made.copied <= tiers * made.appended);
      const auto whole = made.appended / std::min(rules.max_bytes / 2, rules.max_chunk_bytes);
      // Files of about a tier's size take two tiers to get their number together.
      RC_ASSERT(made.closed() <= rules.min_sources * (tiers + 2) + whole);
    }
  }));
}

CAF_TEST(an hour of one record per second leaves one file when it goes quiet) {
  constexpr std::uint64_t record = 1100;  // 1 kB with headers and frame
  for (const std::size_t chunks : {1, 16}) {
    const merge_rules rules;
    sizes_log made;
    for (std::size_t i = 0; i < 3600 / chunks; ++i) {
      made.add(chunks * record, chunks);
      made.merge_all(plan_merge, rules);
    }
    CAF_CHECK_LESS_OR_EQUAL(made.closed(), 4 * (rules.min_sources - 1));
    CAF_CHECK_LESS_OR_EQUAL(made.copied, 4 * made.appended);
    const auto before = made.copied;
    made.merge_all(plan_last_merge, rules);
    CAF_CHECK_EQUAL(made.closed(), 1u);
    CAF_CHECK_LESS_OR_EQUAL(made.copied - before, made.appended);
  }
}

CAF_TEST(a partition that is used now and then copies its large files seldom) {
  const merge_rules rules;
  for (const std::uint64_t bytes : {200ULL, 1000ULL, 30'000ULL}) {
    sizes_log made;
    std::size_t most = 0;
    std::uint64_t copied_by_most = 0;
    bool is_cheap = true;
    for (std::size_t life = 1; made.appended < 7 * mib; ++life) {
      made.add(bytes);
      const auto before = made.copied;
      made.merge_all(plan_merge, rules);
      made.merge_all(plan_last_merge, rules);
      copied_by_most = std::max(copied_by_most, made.copied - before);
      most = std::max(most, made.closed());
      // A third more with each copy: ten of them from 512 KiB to 8 MiB.
      is_cheap = is_cheap && made.copied <= life * rules.small_chunk_bytes + 12 * made.appended;
    }
    CAF_CHECK_LESS_OR_EQUAL(most, 4u);
    CAF_CHECK(is_cheap);
    CAF_CHECK(copied_by_most <= 8 * mib);
  }
}

CAF_TEST(a run waits until it fills a tier) {
  merge_rules rules;
  rules.min_sources = 4;
  rules.max_bytes = 2 * 4096;  // tiers 4096, 1024, 256, 64, …
  rules.max_chunk_bytes = rules.max_bytes;
  struct row {
    std::vector<std::uint64_t> sizes;  // the last is open
    offsets merged;
  };
  const row rows[] = {
    {{}, {}},
    {{100}, {}},
    {{100, 100, 100, 100}, {}},
    {{100, 100, 100, 100, 100}, {0, 1, 2, 3}},
    {{100, 100, 100, 100, 100, 100, 1}, {0, 1, 2, 3, 4, 5}},
    {{400, 100, 100, 100, 1}, {}},                   // a file of the tier above is no neighbour
    {{400, 100, 100, 100, 100, 1}, {1, 2, 3, 4}},
    {{400, 400, 400, 100, 1}, {0, 1, 2, 3}},         // but the smaller ones go with it
    {{400, 400, 100, 100, 1}, {}},                   // not before the result leaves the tier
    {{400, 400, 400, 400, 100, 100, 100, 100, 1}, {4, 5, 6, 7}},  // the lowest tier first
    {{100, 100, 5000, 100, 100, 1}, {}},             // of half the largest size and more: as large as it gets
    {{3000, 3000, 3000, 1}, {0, 1}},                 // fewer, when no more fit
    {{9000, 100, 100, 100, 100, 1}, {1, 2, 3, 4}},
  };
  for (const auto& r : rows) CAF_CHECK_EQUAL(offsets_of(plan_merge(log_of(r.sizes).log, rules)), r.merged);
}

CAF_TEST(the last merges leave what outweighs all that is newer) {
  merge_rules rules;
  rules.max_bytes = 100'000;
  rules.max_chunk_bytes = rules.max_bytes;
  rules.small_chunk_bytes = 1000;
  struct row {
    std::vector<std::uint64_t> sizes;  // the last is open
    offsets merged;
  };
  const row rows[] = {
    {{}, {}},
    {{10, 10}, {}},
    {{10, 10, 10}, {0, 1}},
    {{900, 10, 10}, {0, 1}},               // little at all
    {{4000, 2000, 1000, 1}, {0, 1, 2}},
    {{4000, 1300, 1}, {}},
    {{4000, 1400, 1}, {0, 1}},
    {{4000, 10, 10, 1}, {1, 2}},
    {{10, 10, 4000, 10, 10, 1}, {0, 1}},
    {{10, 4000, 10, 10, 1}, {2, 3}},
    {{60'000, 30'000, 30'000, 30'000, 1}, {0, 1}},  // within max_bytes
    {{100'000, 10, 10, 1}, {1, 2}},
  };
  for (const auto& r : rows) CAF_CHECK_EQUAL(offsets_of(plan_last_merge(log_of(r.sizes).log, rules)), r.merged);
}

CAF_TEST(no more than the most sources go into one file) {
  merge_rules rules;
  rules.max_sources = 10;
  sizes_log made;
  for (int i = 0; i < 26; ++i) made.add(1000);
  CAF_CHECK_EQUAL(plan_merge(made.log, rules).size(), 10u);
  made.merge_all(plan_merge, rules);
  CAF_CHECK_EQUAL(made.sizes(), (std::vector<std::uint64_t>{10'000, 10'000, 1000, 1000, 1000, 1000, 1000, 1000}));
  made.merge_all(plan_last_merge, rules);
  CAF_CHECK_EQUAL(made.sizes(), (std::vector<std::uint64_t>{25'000, 1000}));
}

CAF_TEST(files of large chunks are left alone unless one chunk could hold them) {
  merge_rules rules;
  rules.min_sources = 2;
  rules.max_chunk_bytes = 1500;
  rules.small_chunk_bytes = 1000;
  sizes_log made;
  for (int i = 0; i < 4; ++i) made.add(2000, 2);
  CAF_CHECK(plan_merge(made.log, rules).empty());
  CAF_CHECK(plan_last_merge(made.log, rules).empty());
  rules.small_chunk_bytes = 1001;
  CAF_CHECK_EQUAL(plan_merge(made.log, rules).size(), 3u);
  rules.small_chunk_bytes = 1000;
  rules.max_chunk_bytes = 2001;
  CAF_CHECK_EQUAL(plan_last_merge(made.log, rules).size(), 3u);
}

CAF_TEST(one file of many chunks is merged into itself where the rules say so) {
  merge_rules rules;
  sizes_log made;
  made.add(6000, 6);
  made.add(1000);
  for (const auto plan : {&plan_merge, &plan_last_merge}) {
    rules.min_chunks = 7;
    CAF_CHECK(plan(made.log, rules, {}).empty());
    rules.min_chunks = 6;
    CAF_CHECK_EQUAL(offsets_of(plan(made.log, rules, {})), (offsets{0}));
    rules.max_chunk_bytes = 1500;  // it would not become fewer
    CAF_CHECK(plan(made.log, rules, {}).empty());
    rules.max_chunk_bytes = 8 * mib;
  }
}

CAF_TEST(what lies below the log start and what is excepted is not merged) {
  merge_rules rules;
  rules.min_sources = 2;
  sizes_log made;
  for (int i = 0; i < 8; ++i) made.add(1000);
  made.log.log_start = 2;
  for (const auto plan : {&plan_merge, &plan_last_merge}) {
    CAF_CHECK_EQUAL(offsets_of(plan(made.log, rules, {})), (offsets{2, 3, 4, 5, 6}));
    CAF_CHECK_EQUAL(offsets_of(plan(made.log, rules, {3})), (offsets{4, 5, 6}));
    CAF_CHECK_EQUAL(offsets_of(plan(made.log, rules, {5})), (offsets{2, 3, 4}));
    CAF_CHECK(plan(made.log, rules, {3, 5}).empty());
  }
}
