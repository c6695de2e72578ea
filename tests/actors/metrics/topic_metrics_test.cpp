#define CAF_SUITE topic_metrics
#include "actors/metrics/topic_metrics.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::actors;

namespace {

uuid id_of(int n) {
  uuid id;
  id.bytes[0] = static_cast<std::byte>(n);
  return id;
}

std::vector<std::string> names_in(const topic_metrics& topics) {
  std::vector<std::string> names;
  for (const auto& row : topics.rows()) names.push_back(row.topic);
  return names;
}

}  // namespace

CAF_TEST(topics beyond the limit share one series) {
  topic_metrics topics{2};
  std::vector<std::shared_ptr<partition_metrics>> actors;
  for (int i = 0; i < 100; ++i) {
    actors.push_back(topics.join("t" + std::to_string(i), id_of(i), 0));
    actors.back()->topic->records_in.add(1);
  }
  CAF_CHECK((names_in(topics) == std::vector<std::string>{"t0", "t1", "_other"}));
  CAF_CHECK_EQUAL(topics.rows().back().counters->records_in.value(), 98u);
  CAF_CHECK_EQUAL(topics.rows().front().counters->records_in.value(), 1u);
}

CAF_TEST(a topic that is called as the rest is counted with it) {
  topic_metrics topics{1};
  const auto a = topics.join("_other", id_of(1), 0);
  const auto b = topics.join("t", id_of(2), 0);
  const auto c = topics.join("u", id_of(3), 0);
  CAF_CHECK(a->topic == c->topic && a->topic != b->topic);
  CAF_CHECK((names_in(topics) == std::vector<std::string>{"t", "_other"}));
}

CAF_TEST(partitions of a topic share its counters) {
  topic_metrics topics{2};
  const auto a = topics.join("t", id_of(1), 0);
  const auto b = topics.join("t", id_of(1), 1);
  CAF_CHECK(a->topic == b->topic);
}

CAF_TEST(a topic without actors keeps its numbers until another one needs the place) {
  topic_metrics topics{1};
  topics.join("old", id_of(1), 0)->topic->records_in.add(5);
  CAF_CHECK_EQUAL(topics.join("old", id_of(1), 0)->topic->records_in.value(), 5u);
  const auto next = topics.join("new", id_of(2), 0);
  CAF_CHECK((names_in(topics) == std::vector<std::string>{"new"}));
  CAF_CHECK_EQUAL(next->topic->records_in.value(), 0u);
}

CAF_TEST(a limit of none leaves the sum of all) {
  topic_metrics topics{0};
  topics.join("t", id_of(1), 0)->topic->records_in.add(5);
  CAF_CHECK((names_in(topics) == std::vector<std::string>{"_other"}));
}

CAF_TEST(ends are known while their actors live) {
  topic_metrics topics{1};
  auto actor = topics.join("t", id_of(1), 3);
  CAF_CHECK_EQUAL(topics.end_of(id_of(1), 3), -1);
  actor->end = 42;
  CAF_CHECK_EQUAL(topics.end_of(id_of(1), 3), 42);
  CAF_CHECK_EQUAL(topics.end_of(id_of(1), 4), -1);
  actor.reset();
  CAF_CHECK_EQUAL(topics.end_of(id_of(1), 3), -1);
}

CAF_TEST(an actor that goes late leaves the end that its successor shows) {
  topic_metrics topics{1};
  auto late = topics.join("t", id_of(1), 3);
  auto next = topics.join("t", id_of(1), 3);
  next->end = 7;
  late.reset();
  CAF_CHECK_EQUAL(topics.end_of(id_of(1), 3), 7);
  next.reset();
  CAF_CHECK_EQUAL(topics.end_of(id_of(1), 3), -1);
}
