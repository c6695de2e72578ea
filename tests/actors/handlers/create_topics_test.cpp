#define CAF_SUITE create_topics
// What is refused, in what order and words. Names that are one in metrics: no second topic is made of them.
#include "messages/kafka/create_topics.hpp"
#include "messages/kafka/metadata.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

struct fixture : handler_fixture {
  using answers = std::vector<kafka::create_topics_response::topic>;

  answers create(const std::vector<std::string>& names, bool validate_only,
                 const std::function<void(kafka::create_topics_request::topic&)>& change = [](auto&) {}) {
    kafka::create_topics_request asked;
    asked.validate_only = validate_only;
    for (const auto& name : names) {
      auto& wanted = asked.topics.emplace_back();
      wanted.name = name;
      wanted.num_partitions = 1;
      wanted.replication_factor = 1;
      change(wanted);
    }
    return ask<kafka::create_topics_response>(asked, 7).topics;
  }

  std::vector<error_code> errors(const std::vector<std::string>& names, bool validate_only = false) {
    std::vector<error_code> all;
    for (const auto& one : create(names, validate_only)) all.push_back(one.error_code);
    return all;
  }

  error_code use(const std::string& name) {
    kafka::metadata_request asked;
    asked.topics->emplace_back().name = name;
    return ask<kafka::metadata_response>(asked, 9).topics.at(0).error_code;
  }
};

using codes = std::vector<error_code>;
using wanted = kafka::create_topics_request::topic;

struct refusal {
  const char* what;
  std::function<void(wanted&)> asks;
  error_code error;
  const char* message;  // Kafka's, where it has one
};

const refusal refusals[] = {
  {"a config", [](wanted& t) { t.configs = {{"no.such", "1"}}; }, invalid_config,
   "Unknown topic config name: no.such"},
  {"a config before all numbers",
   [](wanted& t) {
     t.configs = {{"cleanup.policy", "compact"}};
     t.replication_factor = 3;
   },
   invalid_config, "Invalid value compact for configuration cleanup.policy: String must be one of: delete"},
  {"no partitions", [](wanted& t) { t.num_partitions = 0; }, invalid_partitions,
   "Number of partitions was set to an invalid non-positive value."},
  {"too many partitions", [](wanted& t) { t.num_partitions = 10001; }, invalid_partitions,
   "A topic has 10000 partitions at most."},
  {"no replica", [](wanted& t) { t.replication_factor = 0; }, invalid_replication_factor,
   "Replication factor must be larger than 0, or -1 to use the default value."},
  {"three replicas", [](wanted& t) { t.replication_factor = 3; }, invalid_replication_factor,
   "This node is the only broker; the store keeps the copies. Set a replication factor of 1 or -1."},
  {"an assignment and a number", [](wanted& t) { t.assignments = {{0, {1}}}; }, invalid_request,
   "A manual partition assignment was specified, but replication factor was not set to -1."},
};

wanted assigned(std::vector<kafka::create_topics_request::replica_assignment> to) {
  wanted topic;
  topic.name = "by-hand";
  topic.num_partitions = -1;
  topic.replication_factor = -1;
  topic.assignments = std::move(to);
  return topic;
}

}  // namespace

CAF_TEST(what is wrong with a topic is told where it is not there) {
  fixture f;
  CAF_REQUIRE((f.errors({"there"}) == codes{none}));
  for (const auto& one : refusals) {
    CAF_MESSAGE(one.what);
    for (const bool validate_only : {true, false}) {
      const auto refused = f.create({"absent"}, validate_only, one.asks).at(0);
      CAF_CHECK(refused.error_code == one.error);
      CAF_CHECK_EQUAL(refused.error_message.value_or(""), one.message);
      const auto existing = f.create({"there"}, validate_only, one.asks).at(0);
      CAF_CHECK(existing.error_code == topic_already_exists);
      CAF_CHECK_EQUAL(existing.error_message.value_or(""), "Topic 'there' already exists.");
    }
  }
}

CAF_TEST(assignments by hand) {
  fixture f;
  const auto answer_to = [&](const wanted& topic) {
    kafka::create_topics_request asked;
    asked.validate_only = true;
    asked.topics = {topic};
    return f.ask<kafka::create_topics_response>(asked, 7).topics.at(0);
  };
  const auto why = [&](std::vector<kafka::create_topics_request::replica_assignment> to) {
    const auto answer = answer_to(assigned(std::move(to)));
    CAF_CHECK(answer.error_code == invalid_replica_assignment);
    return answer.error_message.value_or("");
  };
  CAF_CHECK(answer_to(assigned({{1, {1}}, {0, {1}}})).error_code == none);
  CAF_CHECK_EQUAL(why({{0, {1}}, {0, {1}}}), "Found multiple manual partition assignments for partition 0");
  CAF_CHECK_EQUAL(why({{0, {1}}, {2, {1}}}), "partitions should be a consecutive 0-based integer sequence");
  CAF_CHECK_EQUAL(why({{0, {}}}), "The manual partition assignment includes an empty replica list.");
  CAF_CHECK_EQUAL(why({{0, {7}}}),
                  "The manual partition assignment includes broker 7, but no such broker is registered.");
  CAF_CHECK_EQUAL(why({{0, {1, 1}}}), "The manual partition assignment includes the broker 1 more than once.");
}

CAF_TEST(names that no topic may have) {
  fixture f;
  const auto why = [&](const std::string& name) {
    const auto refused = f.create({name}, false).at(0);
    CAF_CHECK(refused.error_code == invalid_topic_exception);
    return refused.error_message.value_or("");
  };
  const std::string invalid = "Topic name is invalid: ";
  CAF_CHECK_EQUAL(why(""), invalid + "the empty string is not allowed");
  CAF_CHECK_EQUAL(why("."), invalid + "'.' is not allowed");
  CAF_CHECK_EQUAL(why(".."), invalid + "'..' is not allowed");
  CAF_CHECK_EQUAL(why("a b"), invalid + "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
  const std::string most(249, 'x');
  CAF_CHECK_EQUAL(why(most + "y"), invalid + "the length of '" + most + "...' is longer than the max allowed length 249");
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "\xC3\xA9";
  CAF_CHECK_EQUAL(why(accents), invalid + "the length of '" + accents.substr(0, 248) +
                                  "...' is longer than the max allowed length 249");
  CAF_CHECK((f.errors({most}, true) == codes{none}));
}

CAF_TEST(the answer names the topic that is there) {
  fixture f;
  CAF_CHECK((f.errors({"a.b_c"}) == codes{none}));
  for (const bool validate_only : {true, false}) {
    const auto refused = f.create({"a_b.c"}, validate_only).at(0);
    CAF_CHECK(refused.error_code == invalid_topic_exception);
    CAF_CHECK_EQUAL(refused.error_message.value_or(""),
                    "Topic 'a_b.c' collides with topic 'a.b_c': '.' and '_' are one in names of metrics.");
    CAF_CHECK((f.errors({"a.b_c", "a-b.c"}, validate_only) == codes{topic_already_exists, none}));
  }
}

CAF_TEST(two topics of one request) {
  fixture f;
  CAF_CHECK((f.errors({"x.y", "z", "x_y"}, true) == codes{none, none, invalid_topic_exception}));
  CAF_CHECK((f.errors({"x_y", "x.y"}) == codes{none, invalid_topic_exception}));
  CAF_CHECK((f.errors({"x_y", "x.y"}, true) == codes{topic_already_exists, invalid_topic_exception}));
}

CAF_TEST(a start that has not listed its topics yet) {
  fixture f;
  CAF_CHECK((f.errors({"a.b"}) == codes{none}));
  f.restart();
  CAF_CHECK((f.errors({"a_b"}, true) == codes{invalid_topic_exception}));
  f.restart();
  CAF_CHECK((f.errors({"a_b"}) == codes{invalid_topic_exception}));
}

CAF_TEST(Metadata creates no such topic either) {
  fixture f;
  CAF_CHECK(f.use("a.b") == none);
  CAF_CHECK(f.use("a_b") == unknown_topic_or_partition);
  CAF_CHECK(f.use("a.b") == none);
}
