#define CAF_SUITE auto_creation
// What Metadata says of a topic that it could not create now: something that producers wait for.
#include "messages/kafka/init_producer_id.hpp"
#include "messages/kafka/metadata.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

kafka::metadata_response::topic look_up(handler_fixture& f, const std::string& name) {
  kafka::metadata_request asked;
  asked.topics.emplace().emplace_back();
  asked.topics->front().name = name;
  asked.allow_auto_topic_creation = true;
  return f.ask<kafka::metadata_response>(asked, 9).topics.at(0);
}

}  // namespace

CAF_TEST(a producer waits while a topic of that name is being deleted) {
  handler_fixture f;
  f.node.ports->removals_fail = 3;  // and in the background
  const auto removed = f.node.ask_topic([&](auto answer) {
    caf::anon_send(f.node.topics, msg::delete_topic{"t", {}, answer});
  });
  CAF_CHECK(removed.error == request_timed_out);  // its name is still taken
  const auto found = look_up(f, "t");
  CAF_CHECK(found.error_code == leader_not_available);
  CAF_CHECK(found.partitions.empty());
}

CAF_TEST(a producer waits while the store refuses topics or leaves them in doubt) {
  handler_fixture f;
  f.node.ports->script({fault::refused});
  CAF_CHECK(look_up(f, "u").error_code == leader_not_available);
  CAF_CHECK(look_up(f, "u").error_code == none);
  f.node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
  CAF_CHECK(look_up(f, "v").error_code == leader_not_available);
}

CAF_TEST(a producer that gets no id now only asks again) {
  handler_fixture f;
  f.next_producer_id({{smq::status::unknown, "away", 0}, 0});
  kafka::init_producer_id_request asked;
  asked.transactional_id.reset();
  CAF_CHECK(f.ask<kafka::init_producer_id_response>(asked, 4).error_code == coordinator_load_in_progress);
}
