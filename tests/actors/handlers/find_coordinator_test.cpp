#define CAF_SUITE find_coordinator_handler
#include "messages/kafka/find_coordinator.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

using kafka::find_coordinator_request;
using kafka::find_coordinator_response;

}  // namespace

CAF_TEST(a group has one and versions 1 to 3 say that nothing is wrong with it) {
  handler_fixture f;
  for (std::int16_t version = 0; version <= 6; ++version) {
    find_coordinator_request asked;
    asked.key = "g";
    asked.coordinator_keys = {"g"};
    const auto found = f.ask<find_coordinator_response>(asked, version);
    CAF_CHECK(found.error_code == none);
    if (version < 4) {
      CAF_CHECK_EQUAL(found.host, "localhost");
      CAF_CHECK_EQUAL(found.error_message.value_or("null"), version == 0 ? "" : "NONE");
      continue;
    }
    CAF_CHECK(found.coordinators.at(0).error_code == none);
    CAF_CHECK_EQUAL(found.coordinators[0].host, "localhost");
    CAF_CHECK_EQUAL(found.coordinators[0].error_message.value_or("null"), "");
  }
}

CAF_TEST(nobody is told to ask again for the coordinator of a share group) {
  handler_fixture f;
  for (std::int16_t version = 1; version <= 6; ++version) {
    find_coordinator_request asked;
    asked.key = "g:topic:0";
    asked.key_type = 2;
    asked.coordinator_keys = {"g:topic:0", "g:topic:1"};
    const auto found = f.ask<find_coordinator_response>(asked, version);
    if (version < 4) {
      CAF_CHECK(found.error_code == invalid_request);
      continue;
    }
    CAF_REQUIRE_EQUAL(found.coordinators.size(), 2u);
    for (const auto& one : found.coordinators) CAF_CHECK(one.error_code == invalid_request && one.node_id == -1);
  }
}
