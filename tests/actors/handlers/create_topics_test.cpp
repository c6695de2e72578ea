#define CAF_SUITE create_topics
// Names that are one in metrics: no second topic is made of them, by whatever request.
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

  answers create(const std::vector<std::string>& names, bool validate_only) {
    kafka::create_topics_request asked;
    asked.validate_only = validate_only;
    for (const auto& name : names) {
      auto& wanted = asked.topics.emplace_back();
      wanted.name = name;
      wanted.num_partitions = 1;
      wanted.replication_factor = 1;
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

}  // namespace

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
