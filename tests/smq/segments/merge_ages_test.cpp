#define CAF_SUITE segments_merge_ages
// Merges must not keep records for much longer than retention.ms, nor let any go before.
#include "smq/segments/merge_log.hpp"
#include "smq/segments/plan_merge.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>

using namespace tidegate;
using namespace tidegate::smq;

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t no_timestamp = -1;
constexpr auto plans = {&plan_merge, &plan_last_merge};

using offsets = std::vector<std::int64_t>;

/// One message of one byte per file, stored at some time and with any timestamp.
struct timed_log {
  log_state log;

  void add(std::int64_t stored_ms, std::int64_t timestamp) {
    segment s;
    s.base_offset = s.first_message_number = log.next_offset++;
    s.next_offset = s.next_message_number = log.next_offset;
    s.first_ts_ns = s.last_ts_ns = stored_ms * ns_per_ms;
    s.max_timestamp = timestamp;
    s.chunks = {{"c", 0, 1, 0}};
    log.segments.push_back(std::move(s));
  }
  void add(std::int64_t stored_ms) { add(stored_ms, stored_ms); }

  void merge_all(std::vector<segment> (*plan)(const log_state&, const merge_rules&, const std::set<std::int64_t>&),
                 const merge_rules& rules) {
    for (auto sources = plan(log, rules, {}); !sources.empty(); sources = plan(log, rules, {})) {
      std::uint64_t bytes = 0;
      for (const auto& s : sources) bytes += s.size_bytes();
      apply_merge(log, sources, merged_segment({}, sources, {{"c", 0, bytes, 0}}));
    }
  }

  /// As the sweeper does.
  void trim(const merge_ages& ages) {
    std::erase_if(log.segments, [&](const segment& s) {
      if (s.newest_ms() >= ages.now_ms - ages.retention_ms) return false;
      log.log_start = std::max(log.log_start, s.next_offset);
      return true;
    });
  }

  /// The base offsets of the files.
  [[nodiscard]] offsets files() const {
    offsets all;
    for (const auto& s : log.segments) all.push_back(s.base_offset);
    return all;
  }
};

merge_rules rules_of(std::optional<merge_ages> ages) {
  merge_rules rules;
  rules.min_sources = 2;
  rules.max_bytes = 1024;  // tiers down to 1
  rules.ages = ages;
  return rules;
}

}  // namespace

CAF_TEST(bursts more often than the retention time leave no record for much longer) {
  constexpr std::int64_t retention_ms = 8000;
  for (const auto plan : plans) {
    for (const std::int64_t every : {100, 500, 2500, 7000}) {
      timed_log made;
      std::map<std::int64_t, std::int64_t> stored;  // by offset
      bool is_in_time = true;
      std::size_t most = 0;
      for (std::int64_t now = 1'000'000; now < 1'100'000; now += every) {
        stored[made.log.next_offset] = now;
        made.add(now);
        made.merge_all(plan, rules_of(merge_ages{retention_ms, now}));
        made.trim({retention_ms, now});
        is_in_time = is_in_time && now - stored[made.log.segments.front().base_offset] <= retention_ms / 4 * 5;
        most = std::max(most, made.log.segments.size());
      }
      CAF_CHECK(is_in_time);
      CAF_CHECK_LESS_OR_EQUAL(most, plan == plan_last_merge ? 7u : 40u);  // one for each quarter, or some
    }
  }
}

CAF_TEST(files of an age are merged and others are not) {
  constexpr std::int64_t now = 1'000'000;
  constexpr std::int64_t ahead = now * 1000;  // a producer's microseconds
  struct file {
    std::int64_t stored_ms;
    std::int64_t timestamp;
  };
  struct row {
    const char* what;
    std::vector<file> files;  // the last is open; retention.ms is 4000
    offsets after;
  };
  const row rows[] = {
    {"within a quarter", {{now, now}, {now + 1000, now + 1000}, {now + 1001, 0}}, {0, 2}},
    {"further apart", {{now, now}, {now + 1001, now + 1001}, {now + 1001, 0}}, {0, 1, 2}},
    {"from the oldest on",
     {{now, now}, {now + 600, now + 600}, {now + 1200, now + 1200}, {now + 1700, now + 1700}, {now + 1700, 0}},
     {0, 2, 4}},
    {"expired", {{now - 4002, now - 4002}, {now - 4001, now - 4001}, {now - 4000, now - 4000}, {now, 0}}, {0, 1, 2, 3}},
    {"written late", {{now, now - 3000}, {now, now - 2500}, {now, now - 1000}, {now, now}, {now, 0}}, {0, 2, 4}},
    {"going backwards", {{now, now}, {now, now - 1500}, {now, now - 1200}, {now, 0}}, {0, 1, 3}},
    {"of the future", {{now, now}, {now, ahead}, {now, ahead + 9}, {now, now}, {now, now}, {now, 0}}, {0, 1, 3, 5}},
    {"of the future and long apart", {{now, ahead}, {now + 1001, ahead}, {now + 1001, 0}}, {0, 1, 2}},
    {"without timestamps", {{now, no_timestamp}, {now + 9, no_timestamp}, {now + 10, no_timestamp}}, {0, 2}},
    {"some without", {{now, no_timestamp}, {now, now}, {now, now}, {now, no_timestamp}, {now, now}}, {0, 1, 3, 4}},
    {"the end of time", {{now, INT64_MAX}, {now, 0}, {now, INT64_MAX}, {now, 0}}, {0, 1, 2, 3}},
  };
  for (const auto& r : rows) {
    for (const auto plan : plans) {
      CAF_MESSAGE(r.what);
      timed_log made;
      for (const auto& f : r.files) made.add(f.stored_ms, f.timestamp);
      made.merge_all(plan, rules_of(merge_ages{4000, now}));
      CAF_CHECK_EQUAL(made.files(), r.after);
    }
  }
}

CAF_TEST(what merges add to the time of a record is a quarter at most and none goes earlier) {
  CAF_CHECK(rc::check("ages", [] {
    constexpr std::int64_t now = 1'000'000;
    const auto plan = *rc::gen::arbitrary<bool>() ? plan_merge : plan_last_merge;
    const merge_ages ages{*rc::gen::elementOf(std::vector<std::int64_t>{0, 1, 400, 40'000, 4 * now}), now};
    timed_log made;
    std::int64_t stored = now - *rc::gen::inRange(0, 100'000);
    for (int i = *rc::gen::inRange(0, 40); i > 0; --i) {
      stored += *rc::gen::inRange(1, 1000);
      const std::vector<std::int64_t> any{no_timestamp, 0, stored - 400, stored + 500, now * 1000, INT64_MAX};
      const auto odd = *rc::gen::elementOf(any);
      const bool is_odd = *rc::gen::inRange(0, 5) == 0;
      made.add(stored, is_odd ? odd : stored - *rc::gen::inRange(0, 3));
    }
    const auto before = made.log.segments;
    made.merge_all(plan, rules_of(ages));
    auto file = made.log.segments.begin();
    for (const auto& s : before) {
      while (file->next_offset < s.next_offset) ++file;
      const bool is_merged = file->next_offset - file->base_offset > 1;
      RC_ASSERT(file->newest_ms() >= s.newest_ms());
      RC_ASSERT(!is_merged || s.newest_ms() >= now - ages.retention_ms);
      RC_ASSERT(!is_merged || file->last_ts_ns - file->first_ts_ns <= ages.retention_ms / 4 * ns_per_ms);
      const bool is_in_time = file->newest_ms() <= file->last_ts_ns / ns_per_ms;
      RC_ASSERT(!is_merged || !is_in_time || file->newest_ms() - s.first_ts_ns / ns_per_ms <= ages.retention_ms / 4);
    }
  }));
}

CAF_TEST(records that may stay for ever are merged whatever their timestamps) {
  for (const auto plan : plans) {
    timed_log made;
    for (const std::int64_t timestamp : {no_timestamp, std::int64_t{0}, INT64_MAX}) made.add(1, timestamp);
    made.add(2);
    made.add(INT64_MAX / ns_per_ms);
    made.add(INT64_MAX / ns_per_ms);
    made.merge_all(plan, rules_of(std::nullopt));
    CAF_CHECK_EQUAL(made.files(), (offsets{0, 5}));
  }
}

CAF_TEST(a trim that does not go by age finds the same files whatever was merged) {
  timed_log made;
  for (std::int64_t i = 0; i < 6; ++i) made.add(1'000'000 + i * 400);
  made.log.log_start = 2;  // DeleteRecords, or retention.bytes
  made.merge_all(plan_last_merge, rules_of(merge_ages{4000, 1'002'000}));
  CAF_CHECK_EQUAL(made.files(), (offsets{0, 1, 2, 5}));
}
