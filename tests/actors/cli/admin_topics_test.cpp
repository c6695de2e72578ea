#define CAF_SUITE admin_topics
#include "actors/cli/admin/topic_reports.hpp"

#include <boost/json.hpp>

#include "caf/test/unit_test.hpp"

#include <sstream>

using namespace tidegate::cli;

namespace {

const topic_metadata orders{"orders", "", {{0, 1, {1, 2}, {1}}, {1, 2, {2, 1}, {2, 1}}, {2, -1, {3}, {}}}};

}  // namespace

CAF_TEST(a topic is the sum of what is known of its partitions) {
  const auto total = total_of(orders, {{{"orders", 0}, {5, 10, ""}},
                                       {{"orders", 1}, {0, 3, ""}},
                                       {{"orders", 2}, {-1, -1, "LEADER_NOT_AVAILABLE"}},
                                       {{"other", 0}, {0, 100, ""}}});
  CAF_CHECK_EQUAL(boost::json::serialize(to_json(total)),
                  R"({"topic":"orders","partitions":3,"records":8,"log_start":5,"log_end":13,"unknown":1})");
  std::ostringstream out;
  print_totals(out, {total});
  CAF_CHECK_EQUAL(out.str(),
                  "TOPIC   PARTITIONS  RECORDS  START  END  UNKNOWN\n"
                  "orders           3        8      5   13        1\n");
}

CAF_TEST(a topic is shown with its partitions and the configs that somebody changed) {
  const topic_report report{orders,
                            {{0, {5, 10, ""}}, {1, {0, 3, ""}}, {2, {-1, -1, "LEADER_NOT_AVAILABLE"}}},
                            {{"retention.ms", "1"}}};
  std::ostringstream out;
  print_topic(out, report);
  CAF_CHECK_EQUAL(out.str(),
                  "topic orders  partitions 3\n"
                  "  retention.ms=1\n"
                  "  PARTITION  LEADER  REPLICAS  IN-SYNC  START  END  RECORDS  NOTE\n"
                  "          0       1  1,2       1            5   10        5  -\n"
                  "          1       2  2,1       2,1          0    3        3  -\n"
                  "          2       -  3         -            -    -        -  LEADER_NOT_AVAILABLE\n");
  CAF_CHECK_EQUAL(boost::json::serialize(to_json(report)),
                  R"({"topic":"orders","partitions":[{"partition":0,"leader":1,"replicas":[1,2],"in_sync":[1],)"
                  R"("log_start":5,"log_end":10,"records":5,"error":""},)"
                  R"({"partition":1,"leader":2,"replicas":[2,1],"in_sync":[2,1],)"
                  R"("log_start":0,"log_end":3,"records":3,"error":""},)"
                  R"({"partition":2,"leader":null,"replicas":[3],"in_sync":[],)"
                  R"("log_start":null,"log_end":null,"records":null,"error":"LEADER_NOT_AVAILABLE"}],)"
                  R"("configs":{"retention.ms":"1"}})");
}
