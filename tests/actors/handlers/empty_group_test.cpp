#define CAF_SUITE empty_group
// The group "": nobody joins it, but as in Kafka consumers without a group commit to it.
#include "messages/kafka/delete_groups.hpp"
#include "messages/kafka/describe_groups.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/list_groups.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_delete.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

struct fixture : handler_fixture {
  error_code commit_position(std::int64_t offset, std::int32_t epoch = -1, const std::string& member = "") {
    kafka::offset_commit_request asked;
    asked.generation_id_or_member_epoch = epoch;
    asked.member_id = member;
    kafka::offset_commit_request::partition p;
    p.committed_offset = offset;
    p.committed_metadata = "kept";
    asked.topics.emplace_back();
    asked.topics.back().name = "t";
    asked.topics.back().partitions = {p};
    return ask<kafka::offset_commit_response>(asked, 8).topics.at(0).partitions.at(0).error_code;
  }

  /// Partition, offset and metadata of all its positions.
  using rows = std::vector<std::tuple<std::int32_t, std::int64_t, std::string>>;
  rows positions(bool by_name) {
    kafka::offset_fetch_request asked;
    asked.groups.emplace_back();
    if (by_name)
      asked.groups[0].topics->push_back({"t", {}, {0, 1}});
    else
      asked.groups[0].topics.reset();
    const auto found = ask<kafka::offset_fetch_response>(asked, 8).groups.at(0);
    CAF_CHECK(found.error_code == none);
    rows all;
    for (const auto& t : found.topics)
      for (const auto& p : t.partitions) all.emplace_back(p.partition_index, p.committed_offset, p.metadata.value_or("null"));
    return all;
  }

  std::string state() {
    kafka::describe_groups_request asked;
    asked.groups = {""};
    const auto found = ask<kafka::describe_groups_response>(asked, 5).groups.at(0);
    CAF_CHECK(found.error_code == none && found.protocol_type.empty());
    return found.group_state;
  }

  std::size_t listed() {
    const auto found = ask<kafka::list_groups_response>(kafka::list_groups_request{}, 4);
    CAF_CHECK(found.error_code == none);
    return static_cast<std::size_t>(std::ranges::count_if(found.groups, [](const auto& group) {
      return group.group_id.empty() && group.group_state == "Empty" && group.protocol_type.empty();
    }));
  }

  error_code remove() {
    kafka::delete_groups_request asked;
    asked.groups_names = {""};
    return ask<kafka::delete_groups_response>(asked, 2).results.at(0).error_code;
  }
};

}  // namespace

CAF_TEST(what is committed to it is there like that of any group) {
  fixture f;
  CAF_CHECK_EQUAL(f.state(), "Dead");
  CAF_CHECK_EQUAL(f.listed(), 0u);
  CAF_CHECK(f.commit_position(4) == none);
  CAF_CHECK(f.commit_position(5) == none);
  for (const bool again : {false, true}) {
    if (again) f.restart();
    CAF_CHECK((f.positions(true) == fixture::rows{{0, 5, "kept"}, {1, -1, ""}}));
    CAF_CHECK((f.positions(false) == fixture::rows{{0, 5, "kept"}}));
    CAF_CHECK_EQUAL(f.state(), "Empty");
    CAF_CHECK_EQUAL(f.listed(), 1u);
  }
  CAF_CHECK(f.remove() == none);
  CAF_CHECK(f.positions(false).empty());
  CAF_CHECK_EQUAL(f.listed(), 0u);
  CAF_CHECK(f.remove() == group_id_not_found);
  CAF_CHECK(f.commit_position(6) == none);
  CAF_CHECK((f.positions(false) == fixture::rows{{0, 6, "kept"}}));
}

CAF_TEST(it has no members and its positions cannot be deleted one by one) {
  fixture f;
  CAF_CHECK(f.commit_position(1, 3, "m") == illegal_generation);
  CAF_CHECK(f.commit_position(1) == none);
  kafka::join_group_request join;
  join.session_timeout_ms = 10'000;
  join.protocol_type = "consumer";
  join.protocols = {{"range", {}}};
  CAF_CHECK(f.ask<kafka::join_group_response>(join, 5).error_code == invalid_group_id);
  kafka::offset_delete_request one;
  one.topics.resize(1);
  one.topics[0].name = "t";
  one.topics[0].partitions = {{0}};
  CAF_CHECK(f.ask<kafka::offset_delete_response>(one, 0).error_code == invalid_group_id);
  CAF_CHECK((f.positions(false) == fixture::rows{{0, 1, "kept"}}));
}
