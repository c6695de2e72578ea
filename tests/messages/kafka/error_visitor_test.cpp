#define CAF_SUITE error_visitor
#include "messages/common/error_name.hpp"
#include "messages/kafka/error_visitor.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "messages/kafka/produce.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using enum error_code;

namespace {

template <class Message>
std::vector<error_code> errors_in(const Message& answer, std::int16_t version) {
  std::vector<error_code> found;
  kafka::for_each_error(answer, version, [&](error_code error) { found.push_back(error); });
  return found;
}

}  // namespace

CAF_TEST(every partition with an error is found and success is none) {
  kafka::produce_response answer;
  answer.responses.resize(2);
  answer.responses[0].partition_responses.resize(3);
  answer.responses[1].partition_responses.resize(1);
  CAF_CHECK(errors_in(answer, 9).empty());
  answer.responses[0].partition_responses[1].error_code = corrupt_message;
  answer.responses[1].partition_responses[0].error_code = kafka_storage_error;
  CAF_CHECK((errors_in(answer, 9) == std::vector{corrupt_message, kafka_storage_error}));
}

CAF_TEST(what a version does not carry is not counted) {
  kafka::offset_fetch_response answer;
  answer.groups.resize(1);
  answer.groups[0].error_code = coordinator_load_in_progress;
  CAF_CHECK_EQUAL(errors_in(answer, 8).size(), 1u);
  CAF_CHECK(errors_in(answer, 7).empty());
}

CAF_TEST(errors have names as Kafka writes them) {
  CAF_CHECK_EQUAL(name_of(none), "NONE");
  CAF_CHECK_EQUAL(name_of(unknown_server_error), "UNKNOWN_SERVER_ERROR");
  CAF_CHECK_EQUAL(name_of(coordinator_load_in_progress), "COORDINATOR_LOAD_IN_PROGRESS");
  CAF_CHECK_EQUAL(name_of(static_cast<error_code>(12345)), "OTHER");
}
