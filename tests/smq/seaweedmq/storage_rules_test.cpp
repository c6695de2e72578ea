#define CAF_SUITE storage_rules
// Which of a filer's rules would erase what we store, as `fs.configure` writes them down.
#include "smq/seaweedmq/storage_rules.hpp"

#include "caf/test/unit_test.hpp"

#include <utility>
#include <vector>

using tidegate::smq::seaweedmq::expiry_problem;

namespace {

/// Of rules of prefix and ttl, among other fields.
std::string problem_of(const std::vector<std::pair<std::string, std::string>>& rules) {
  std::string locations;
  for (const auto& [prefix, ttl] : rules) {
    if (!locations.empty()) locations += ", ";
    locations += R"({"locationPrefix": ")" + prefix + R"(", "collection": "", "ttl": ")" + ttl;
    locations += R"(", "fsync": false, "volumeGrowthCount": 0, "wormGracePeriodSeconds": "0"})";
  }
  return expiry_problem(R"({"version": 1, "locations": [)" + locations + "]}");
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

CAF_TEST(the message names the path and the ttl and what to do) {
  CAF_CHECK_EQUAL(problem_of({{"/topics", "7d"}}),
                  "the filer would erase what we store under /topics after 7d, by a rule in /etc/seaweedfs/filer.conf; "
                  "take its ttl back in weed shell: fs.configure -locationPrefix=/topics -ttl=0d -apply");
}

CAF_TEST(a rule over or in what is ours is a problem) {
  for (const std::string prefix : {"/", "/top", "/topics/", "/topics/k", "/topics/.tidegate", "/topics/.tidegate/names",
                                   "/topics/kafka", "/topics/kafka/", "/topics/kafka/orders", "/topics/kafka/o/v"})
    CAF_CHECK(has(problem_of({{"/buckets", "1d"}, {prefix, "30d"}}), " under " + prefix + " after 30d"));
}

CAF_TEST(other rules are none) {
  for (const auto* none : {"", "{}", R"({"version": 1, "locations": []})"}) CAF_CHECK_EQUAL(expiry_problem(none), "");
  for (const auto* other : {"/buckets", "/topics/other", "/topics/kafkas", "/topics/kafka-system", "topics/"})
    CAF_CHECK_EQUAL(problem_of({{other, "7d"}}), "");
  for (const auto* never : {"", "0d", "0"}) CAF_CHECK_EQUAL(problem_of({{"/topics", never}}), "");
}

CAF_TEST(the longest prefix with a ttl decides) {
  CAF_CHECK_EQUAL(problem_of({{"/topics/", "0d"}, {"/", "7d"}}), "");
  CAF_CHECK(has(problem_of({{"/", "0d"}, {"/topics/", "7d"}}), " under /topics/ after"));
  CAF_CHECK(has(problem_of({{"/", "7d"}, {"/topics/", ""}}), " under / after"));
  CAF_CHECK(has(problem_of({{"/", "7d"}, {"/topics/kafka/", "0d"}}), " under / after"));
  CAF_CHECK(has(problem_of({{"/topics/kafka/o", "7d"}, {"/topics/", "0d"}}), " under /topics/kafka/o after"));
}

CAF_TEST(what cannot be read may be such a rule) {
  for (const auto* text : {"{ bad", "7", "{}x"})
    CAF_CHECK(has(expiry_problem(text), "/etc/seaweedfs/filer.conf cannot be read"));
}
