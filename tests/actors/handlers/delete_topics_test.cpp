#define CAF_SUITE delete_topics
// What DeleteTopics says of topics that it does not delete.
#include "messages/kafka/delete_topics.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

using named = kafka::delete_topics_request::topic;

struct fixture : handler_fixture {
  std::vector<kafka::delete_topics_response::result> remove(std::vector<named> topics) {
    kafka::delete_topics_request asked;
    asked.topics = std::move(topics);
    return ask<kafka::delete_topics_response>(asked, 6).responses;
  }

  void refuses(const named& wanted, error_code error, const std::string& message) {
    const auto found = remove({wanted}).at(0);
    CAF_CHECK(found.error_code == error);
    CAF_CHECK_EQUAL(found.error_message.value_or(""), message);
  }
};

uuid some_id() {
  uuid id;
  id.bytes[0] = std::byte{7};
  return id;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(delete_topics_tests, fixture)

CAF_TEST(every error says why) {
  const std::string unknown = "This server does not host this topic-partition.";
  refuses({"absent", {}}, unknown_topic_or_partition, unknown);
  refuses({"a b", {}}, unknown_topic_or_partition, unknown);
  refuses({std::nullopt, some_id()}, unknown_topic_id, "This server does not host this topic ID.");
  refuses({"t", some_id()}, invalid_request, "You may not specify both topic name and topic id.");
  refuses({std::nullopt, {}}, invalid_request, "Neither topic name nor id were specified.");
  for (const auto& twice : remove({{"t", {}}, {"t", {}}})) {
    CAF_CHECK(twice.error_code == invalid_request);
    CAF_CHECK_EQUAL(twice.error_message.value_or(""), "Duplicate topic name.");
  }
}

CAF_TEST(a topic that goes needs no words) {
  const auto gone = remove({{"t", {}}}).at(0);
  CAF_CHECK(gone.error_code == none);
  CAF_CHECK(!gone.error_message);
}

CAF_TEST_FIXTURE_SCOPE_END()
