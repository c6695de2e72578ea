#define CAF_SUITE offset_fetch_errors
// What OffsetFetch answers when a position cannot be read, in every form of its response.
#include "messages/kafka/offset_fetch.hpp"
#include "smq/names.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

struct fixture : handler_fixture {
  fixture() {
    CAF_CHECK(commit("g", 5) == none);
    CAF_CHECK(commit("g", 6, 1) == none);
  }

  /// Both partitions of t, of one group.
  kafka::offset_fetch_response fetch(std::int16_t version) {
    kafka::offset_fetch_request asked;
    if (version < 8) {
      asked.group_id = "g";
      asked.topics->push_back({"t", {0, 1}});
    } else {
      asked.groups.emplace_back();
      asked.groups[0].group_id = "g";
      asked.groups[0].topics->push_back({"t", topic->id, {0, 1}});
    }
    return ask<kafka::offset_fetch_response>(asked, version);
  }
};

}  // namespace

CAF_TEST(what cannot be read now is an error of the group and of each partition) {
  fixture f;
  for (const auto version : std::initializer_list<std::int16_t>{1, 7, 8, 10}) {
    f.node.ports->positions_fail = 1;
    const auto failed = f.fetch(version);
    const auto found = f.fetch(version);
    if (version >= 8) {
      CAF_CHECK(failed.groups.at(0).error_code == coordinator_load_in_progress);
      for (const auto& p : failed.groups[0].topics.at(0).partitions)
        CAF_CHECK(p.error_code == coordinator_load_in_progress && p.committed_offset == -1);
      CAF_CHECK_EQUAL(failed.groups[0].topics[0].partitions.size(), 2u);
      CAF_CHECK(found.groups.at(0).error_code == none);
      CAF_CHECK_EQUAL(found.groups[0].topics.at(0).partitions.at(1).committed_offset, 6);
    } else {
      if (version >= 2) CAF_CHECK(failed.error_code == coordinator_load_in_progress);
      for (const auto& p : failed.topics.at(0).partitions)
        CAF_CHECK(p.error_code == coordinator_load_in_progress && p.committed_offset == -1);
      CAF_CHECK_EQUAL(failed.topics[0].partitions.size(), 2u);
      CAF_CHECK(found.error_code == none);
      CAF_CHECK_EQUAL(found.topics.at(0).partitions.at(1).committed_offset, 6);
    }
  }
}

CAF_TEST(all positions of a group are in doubt when one of them is) {
  fixture f;
  kafka::offset_fetch_request asked;
  asked.groups.emplace_back();
  asked.groups[0].group_id = "g";
  asked.groups[0].topics.reset();
  f.node.ports->positions_fail = 1;
  const auto failed = f.ask<kafka::offset_fetch_response>(asked, 8).groups.at(0);
  CAF_CHECK(failed.error_code == coordinator_load_in_progress);
  CAF_CHECK(failed.topics.empty());
  CAF_CHECK_EQUAL(f.ask<kafka::offset_fetch_response>(asked, 8).groups.at(0).topics.at(0).partitions.size(), 2u);
}

CAF_TEST(what is named again is answered once and what does not exist has no position) {
  fixture f;
  for (const auto version : std::initializer_list<std::int16_t>{8, 10}) {
    kafka::offset_fetch_request asked;
    asked.groups.emplace_back();
    asked.groups[0].group_id = "g";
    asked.groups[0].topics->push_back({"t", f.topic->id, {1, 9, 1, 0}});
    asked.groups[0].topics->push_back({"t", f.topic->id, {1, 1}});
    const auto found = f.ask<kafka::offset_fetch_response>(asked, version).groups.at(0);
    CAF_REQUIRE_EQUAL(found.topics.size(), 1u);
    std::vector<std::pair<std::int32_t, std::int64_t>> rows;
    for (const auto& p : found.topics[0].partitions) {
      CAF_CHECK(p.error_code == none);
      rows.emplace_back(p.partition_index, p.committed_offset);
    }
    CAF_CHECK((rows == std::vector<std::pair<std::int32_t, std::int64_t>>{{0, 5}, {1, 6}, {9, -1}}));
  }
}

CAF_TEST(damage is an error of its partition alone) {
  fixture f;
  f.exchange(smq::position_path(f.topic->directory_of(0), "g"), "garbage");
  const auto found = f.fetch(8).groups.at(0);
  CAF_CHECK(found.error_code == none);
  CAF_CHECK(found.topics.at(0).partitions.at(0).error_code == kafka_storage_error);
  CAF_CHECK_EQUAL(found.topics[0].partitions[0].committed_offset, -1);
  CAF_CHECK(found.topics[0].partitions.at(1).error_code == none);
  CAF_CHECK_EQUAL(found.topics[0].partitions[1].committed_offset, 6);
}
