#define CAF_SUITE segments_trim
#include "smq/segments/trim_log.hpp"

#include "smq/segments/find_by_ts.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// Small files of several leaders, some of them behind a declared gap.
void history_with_gaps(stored_log& s) {
  s.options.max_chunks_per_segment = *rc::gen::inRange<std::size_t>(1, 4);
  std::int64_t ts_ns = 5 * second;
  const auto appends = *rc::gen::inRange(1, 25);
  for (int i = 0; i < appends; ++i) {
    if (*rc::gen::inRange(0, 4) == 0) {
      s.new_leader = true;
      ++s.epoch;
      if (*rc::gen::arbitrary<bool>()) {
        const auto lost = *rc::gen::inRange<std::int64_t>(1, 20);
        declare_gap(s.log, {s.log.next_offset, s.log.next_offset + lost, s.epoch});
        s.store.write({write_partition_entry(s.log, place)});
      }
    }
    ts_ns += *rc::gen::element<std::int64_t>(2, second, 400 * second);
    s.append_one(*rc::gen::inRange(1, 10), ts_ns, *rc::gen::inRange<std::size_t>(0, 300));
  }
}

/// Reads from the log start to the end; every batch that ends above the log start, and no other.
void check_reads(stored_log& s) {
  std::vector<shared_bytes> expected;
  for (const auto& b : s.written)
    if (next_offset_of(b) > s.log.log_start) expected.push_back(b);
  std::vector<shared_bytes> all;
  for (auto offset = s.log.log_start;;) {
    const auto read = s.read(offset, 1000);
    RC_ASSERT(read.is_ok());
    if (read.value.empty()) break;
    all.insert(all.end(), read.value.begin(), read.value.end());
    offset = next_offset_of(all.back());
  }
  RC_ASSERT(all == expected);
}

bool lies_below(const segment& s, std::int64_t log_start) { return s.next_offset <= log_start; }

}  // namespace

CAF_TEST(every prefix of a trim loads and what it keeps is read) {
  CAF_CHECK(rc::check("trim", [] {
    stored_log s;
    history_with_gaps(s);
    const auto log_start = *rc::gen::inRange<std::int64_t>(0, s.log.next_offset + 1);
    const auto plan = plan_trim(s.log, log_start, *rc::gen::inRange<std::size_t>(0, 8));
    const auto unit = trim_mutations(s.log, place, plan);
    RC_ASSERT(unit.empty() == !is_needed(s.log, plan));
    const auto prefix = *rc::gen::inRange<std::size_t>(0, unit.size() + 1);
    s.store.write({unit.begin(), unit.begin() + static_cast<std::ptrdiff_t>(prefix)});
    const auto before = s.log;
    const auto loaded = s.load();
    RC_ASSERT(loaded.is_ok());
    RC_ASSERT(loaded.value.log_start == (prefix > 0 ? log_start : 0));
    RC_ASSERT(loaded.value.next_offset == before.next_offset);
    s.log = loaded.value;
    check_reads(s);
    RC_ASSERT(!undeclared_tail_gap(s.log, s.epoch + 1));
    s.log = before;
    s.store.write(unit);
    apply_trim(s.log, plan);
    RC_ASSERT(s.load().value == s.log);
    check_reads(s);
  }));
}

CAF_TEST(a few files at a time leave the same as all at once) {
  CAF_CHECK(rc::check("trim in steps", [] {
    stored_log s;
    history_with_gaps(s);
    const auto newest = s.log.segments.back();
    const auto log_start = *rc::gen::inRange<std::int64_t>(0, s.log.next_offset + 1);
    auto at_once = s.log;
    apply_trim(at_once, plan_trim(at_once, log_start));
    const auto step = *rc::gen::inRange<std::size_t>(1, 4);
    std::size_t units = 0;
    for (;;) {
      const auto plan = plan_trim(s.log, log_start, step);
      if (!is_needed(s.log, plan)) break;
      RC_ASSERT(plan.segments <= step);
      s.store.write(trim_mutations(s.log, place, plan));
      apply_trim(s.log, plan);
      RC_ASSERT(++units < 100);
    }
    RC_ASSERT(s.log == at_once);
    RC_ASSERT(s.load().value == at_once);
    RC_ASSERT(s.log.segments.back() == newest);
    for (const auto& kept : s.log.segments) RC_ASSERT(kept == newest || !lies_below(kept, log_start));
    for (const auto& g : s.log.gaps) RC_ASSERT(g.to > log_start);
  }));
}

CAF_TEST(a trimmed log goes on with the next append) {
  CAF_CHECK(rc::check("append after trim", [] {
    stored_log s;
    history_with_gaps(s);
    s.trim(*rc::gen::inRange<std::int64_t>(0, s.log.next_offset + 1));
    s.new_leader = *rc::gen::arbitrary<bool>();
    s.append_one(3, s.log.last_ts_ns + 2);
    RC_ASSERT(s.load().value == s.log);
    check_reads(s);
  }));
}

CAF_TEST(a native position below the log start goes on at the log start while old files are still there) {
  stored_log s;
  s.options.max_chunks_per_segment = 1;
  s.append_one(10, second);
  declare_gap(s.log, {10, 15, 2});
  s.append_one(10, 2 * second);
  s.append_one(10, 3 * second);
  apply_trim(s.log, plan_trim(s.log, 20, 0));
  for (const auto value : {std::int64_t{0}, second, 2 * second - 1}) {
    result<std::int64_t> found{{status::unknown, "no answer", 0}, -1};
    find_by_ts(s.store.ports(), make_view(s.log, place, 0, s.log.next_offset, SIZE_MAX), value, {},
               [&](result<std::int64_t> r) { found = std::move(r); });
    CAF_CHECK(found.is_ok());
    CAF_CHECK_EQUAL(found.value, 20);
  }
}

CAF_TEST(epochs that end below the log start are forgotten and the one that holds it begins there) {
  struct row {
    std::int64_t log_start;
    std::vector<epoch_start> left;
  };
  const std::vector<row> rows{{0, {{1, 0}, {2, 10}, {5, 20}}},
                              {5, {{1, 5}, {2, 10}, {5, 20}}},
                              {10, {{2, 10}, {5, 20}}},
                              {19, {{2, 19}, {5, 20}}},
                              {20, {{5, 20}}},
                              {30, {{5, 30}}}};
  for (const auto& r : rows) {
    log_state log;
    log.next_offset = 30;
    log.epochs = {{1, 0}, {2, 10}, {5, 20}};
    apply_trim(log, plan_trim(log, r.log_start));
    CAF_CHECK(log.epochs == r.left);
  }
}

CAF_TEST(a log start outside the log is moved to its bounds) {
  stored_log s;
  s.append_one(10, second);
  s.trim(4);
  CAF_CHECK_EQUAL(plan_trim(s.log, 3).log_start, 4);
  CAF_CHECK_EQUAL(plan_trim(s.log, 11).log_start, 10);
  CAF_CHECK_EQUAL(plan_trim(s.log, 11).segments, 0u);
  CAF_CHECK(!is_needed(s.log, plan_trim(s.log, 4)));
}
