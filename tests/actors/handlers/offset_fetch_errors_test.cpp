#define CAF_SUITE offset_fetch_errors
// What OffsetFetch answers when a position cannot be read, or is asked for again, in every form of its response.
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

CAF_TEST(each mention of a group is answered by itself and in order) {
  fixture f;
  CAF_CHECK(f.commit("h", 7) == none);
  for (const auto version : std::initializer_list<std::int16_t>{8, 10}) {
    kafka::offset_fetch_request asked;
    for (const auto* name : {"g", "h", "g", "g"}) asked.groups.emplace_back().group_id = name;
    for (const auto i : {0, 1}) asked.groups[i].topics->push_back({"t", f.topic->id, {0, 1}});
    asked.groups[2].topics->push_back({"t", f.topic->id, {1}});
    if (version < 10) asked.groups[3].topics.reset();  // all; with ids Kafka has no such request
    std::vector<std::string> rows;
    for (const auto& group : f.ask<kafka::offset_fetch_response>(asked, version).groups) {
      CAF_CHECK(group.error_code == none);
      auto& row = rows.emplace_back(group.group_id);
      for (const auto& t : group.topics)
        for (const auto& p : t.partitions)
          row += " " + std::to_string(p.partition_index) + "=" + std::to_string(p.committed_offset);
    }
    CAF_CHECK((rows == std::vector<std::string>{"g 0=5 1=6", "h 0=7 1=-1", "g 1=6", version < 10 ? "g 0=5 1=6" : "g"}));
  }
}

CAF_TEST(a group that is named very often is refused in the end) {
  fixture f;
  kafka::offset_fetch_request asked;
  asked.groups.resize(1000);
  for (auto& group : asked.groups) {
    group.group_id = "g";
    group.topics.reset();
  }
  const auto found = f.ask<kafka::offset_fetch_response>(asked, 8).groups;
  CAF_REQUIRE_EQUAL(found.size(), 1000u);
  std::size_t answered = 0;
  for (const auto& group : found) {
    if (group.error_code == none) {
      CAF_CHECK_EQUAL(group.topics.at(0).partitions.size(), 2u);
      ++answered;
    } else {
      CAF_CHECK(group.error_code == invalid_request && group.topics.empty());
    }
  }
  CAF_CHECK_EQUAL(answered, 10u);
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
