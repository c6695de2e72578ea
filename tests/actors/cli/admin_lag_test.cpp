#define CAF_SUITE admin_lag
#include "actors/cli/admin/group_reports.hpp"

#include <boost/json.hpp>

#include "caf/test/unit_test.hpp"

#include <sstream>

using namespace tidegate::cli;

namespace {

const std::map<topic_partition, log_range> logs = {{{"a", 0}, {0, 10, ""}},
                                                   {{"a", 1}, {5, 10, ""}},
                                                   {{"a", 2}, {-1, -1, "LEADER_NOT_AVAILABLE"}},
                                                   {{"b", 0}, {0, 0, ""}}};

partition_lag lag_at(const topic_partition& at, std::int64_t committed) {
  return lags_of({{at, committed, ""}}, {}, logs).at(0);
}

}  // namespace

CAF_TEST(a lag is what lies between the committed offset and the end) {
  struct row {
    topic_partition at;
    std::int64_t committed;
    std::int64_t lag, next;  // -1: none
    std::string note;
  };
  const std::vector<row> rows = {{{"a", 0}, 3, 7, 3, ""},
                                 {{"a", 0}, 10, 0, -1, ""},
                                 {{"a", 0}, 0, 10, 0, ""},
                                 {{"b", 0}, 0, 0, -1, ""},
                                 {{"a", 1}, 2, 8, 5, "below the log's start"},
                                 {{"a", 1}, 5, 5, 5, ""},
                                 {{"a", 0}, 11, -1, -1, "beyond the log's end"},
                                 {{"a", 2}, 1, -1, -1, "LEADER_NOT_AVAILABLE"},
                                 {{"gone", 0}, 1, -1, -1, "partition does not exist"}};
  for (const auto& one : rows) {
    CAF_MESSAGE(one.at.topic << one.at.partition << " " << one.committed);
    const auto found = lag_at(one.at, one.committed);
    CAF_CHECK_EQUAL(found.lag.value_or(-1), one.lag);
    CAF_CHECK_EQUAL(found.reads_next().value_or(-1), one.next);
    CAF_CHECK_EQUAL(found.note, one.note);
  }
}

CAF_TEST(an age is how old the next record is and never negative) {
  auto one = lag_at({"a", 0}, 3);
  set_age(one, 1000, 1750);
  CAF_CHECK_EQUAL(one.age_ms.value_or(-1), 750);
  CAF_CHECK_EQUAL(one.next_time_ms.value_or(-1), 1000);
  set_age(one, 2000, 1750);
  CAF_CHECK_EQUAL(one.age_ms.value_or(-1), 0);
  auto unknown = lag_at({"a", 0}, 3);
  set_age(unknown, std::nullopt, 1750);
  CAF_CHECK(!unknown.age_ms && !unknown.next_time_ms);
}

CAF_TEST(partitions of members are there without a committed offset) {
  tidegate::cli::group_member member;  // glibc has a function of this name
  member.member_id = "m";
  member.partitions = {{"a", 0}, {"a", 1}};
  const auto lags = lags_of({{{"a", 1}, 6, "x"}, {{"b", 0}, 0, ""}}, {member}, logs);
  CAF_REQUIRE_EQUAL(lags.size(), 3u);
  CAF_CHECK(!lags[0].committed && !lags[0].lag && !lags[0].reads_next());
  CAF_CHECK_EQUAL(lags[0].member_id, "m");
  CAF_CHECK_EQUAL(lags[0].log.end, 10);
  CAF_CHECK_EQUAL(lags[1].committed.value_or(-1), 6);
  CAF_CHECK_EQUAL(lags[1].metadata, "x");
  CAF_CHECK_EQUAL(lags[2].member_id, "");
}

CAF_TEST(a total adds what is known and counts what is not) {
  auto lags = lags_of({{{"a", 0}, 3, ""}, {{"a", 1}, 6, ""}, {{"a", 2}, 1, ""}, {{"b", 0}, 0, ""}},
                      {{"m", "", "", "", {{"gone", 1}}}}, logs);
  set_age(lags[0], 500, 1000);
  set_age(lags[1], 900, 1000);
  const auto total = total_of("g", "Stable", lags);
  CAF_CHECK_EQUAL(total.partitions, 4);
  CAF_CHECK_EQUAL(total.lag, 7 + 4);
  CAF_CHECK_EQUAL(total.unknown, 1);
  CAF_CHECK_EQUAL(total.age_ms.value_or(-1), 500);
  CAF_CHECK(total.is_behind);
  CAF_CHECK(!total_of("g", "Empty", {}).is_behind);
}

CAF_TEST(a group is shown to people) {
  group_report report;
  report.about = {"billing", "", "Stable", "range", "1 at 127.0.0.1:9092", {}};
  report.about.members = {{"m-1", "", "app", "/10.0.0.7", {{"a", 0}}}};
  report.lags = lags_of({{{"a", 0}, 3, "note"}, {{"a", 1}, 10, ""}}, report.about.members, logs);
  set_age(report.lags[0], 0, 90'000);
  std::ostringstream out;
  print_group(out, report);
  CAF_CHECK_EQUAL(out.str(),
                  "group billing  state Stable  protocol range  coordinator 1 at 127.0.0.1:9092\n"
                  "  MEMBER  CLIENT  INSTANCE  HOST       PARTITIONS\n"
                  "  m-1     app     -         /10.0.0.7  a 0\n"
                  "  TOPIC  PARTITION  COMMITTED  START  END  LAG     AGE  METADATA\n"
                  "  a              0          3      0   10    7  1m 30s  note\n"
                  "  a              1         10      5   10    0       -  -\n");
}

CAF_TEST(what nobody knows is a question mark and what is odd has a note) {
  group_report report;
  report.about.group = "g";
  report.about.state = "Empty";
  report.lags = lags_of({{{"a", 1}, 2, ""}, {{"gone", 0}, 4, ""}}, {}, logs);
  std::ostringstream out;
  print_group(out, report);
  CAF_CHECK_EQUAL(out.str(),
                  "group g  state Empty\n"
                  "  TOPIC  PARTITION  COMMITTED  START  END  LAG  AGE  METADATA  NOTE\n"
                  "  a              1          2      5   10    8    ?  -         below the log's start\n"
                  "  gone           0          4      -    -    -    -  -         partition does not exist\n");
}

CAF_TEST(a group is shown to programs) {
  group_report report;
  report.about = {"g", "", "Stable", "range", "1 at h:1", {{"m", "i", "c", "h", {{"a", 0}}}}};
  report.lags = lags_of({{{"a", 0}, 3, "x"}}, report.about.members, logs);
  set_age(report.lags[0], 40, 100);
  CAF_CHECK_EQUAL(boost::json::serialize(to_json(report)),
                  R"({"group":"g","state":"Stable","protocol":"range","coordinator":"1 at h:1","members":[)"
                  R"({"member_id":"m","instance_id":"i","client_id":"c","host":"h",)"
                  R"("partitions":[{"topic":"a","partition":0}]}],"partitions":[)"
                  R"({"topic":"a","partition":0,"committed":3,"log_start":0,"log_end":10,"lag":7,)"
                  R"("next_record_ms":40,"age_ms":60,"metadata":"x","member_id":"m","note":""}]})");
  report.lags = lags_of({{{"gone", 0}, 3, ""}}, {}, logs);
  CAF_CHECK_EQUAL(boost::json::serialize(to_json(report).at("partitions")),
                  R"([{"topic":"gone","partition":0,"committed":3,"log_start":null,"log_end":null,"lag":null,)"
                  R"("next_record_ms":null,"age_ms":null,"metadata":"","member_id":"",)"
                  R"("note":"partition does not exist"}])");
}

CAF_TEST(partitions of a member are ranges) {
  CAF_CHECK_EQUAL(partition_words({}), "");
  CAF_CHECK_EQUAL(partition_words({{"a", 0}}), "a 0");
  CAF_CHECK_EQUAL(partition_words({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 7}, {"b", 3}, {"b", 4}}), "a 0-2,7, b 3-4");
}
