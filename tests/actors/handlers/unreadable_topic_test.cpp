#define CAF_SUITE unreadable_topics
// A topic whose entry cannot be read is neither live nor absent, whoever asks.
#include "messages/kafka/delete_groups.hpp"
#include "messages/kafka/describe_groups.hpp"
#include "messages/kafka/metadata.hpp"
#include "messages/kafka/offset_delete.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "smq/names.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

/// Group g has position 5 in u, whose entry is damaged, and 6 in t; group h has one in t only.
struct unreadable_fixture : handler_fixture {
  actors::topic_ptr damaged;
  std::string good;

  unreadable_fixture() {
    const auto t = topic;
    damaged = node.create("u", 1);
    CAF_CHECK(commit("g", 6) == none);
    CAF_CHECK(commit("h", 7) == none);
    topic = damaged;
    CAF_CHECK(commit("g", 5) == none);
    topic = t;
    good = exchange(smq::topic_entry_path("u"), "garbage");
    restart();
  }

  kafka::offset_fetch_response::group fetch_all(const std::string& group) {
    kafka::offset_fetch_request asked;
    asked.groups.emplace_back();
    asked.groups[0].group_id = group;
    asked.groups[0].topics.reset();
    return ask<kafka::offset_fetch_response>(asked, 8).groups.at(0);
  }

  error_code remove(const std::string& group) {
    kafka::delete_groups_request asked;
    asked.groups_names = {group};
    return ask<kafka::delete_groups_response>(asked, 2).results.at(0).error_code;
  }
};

}  // namespace

CAF_TEST(all positions of a group are an error while one of its topics cannot be read) {
  unreadable_fixture f;
  CAF_CHECK(f.fetch_all("g").error_code == coordinator_load_in_progress);
  const auto other = f.fetch_all("h");  // its topics are known
  CAF_CHECK(other.error_code == none);
  CAF_CHECK_EQUAL(other.topics.at(0).partitions.at(0).committed_offset, 7);
  f.exchange(smq::topic_entry_path("u"), f.good);
  const auto found = f.fetch_all("g");
  CAF_CHECK(found.error_code == none);
  CAF_CHECK_EQUAL(found.topics.size(), 2u);
}

CAF_TEST(a position in a topic that cannot be read is an error of its group) {
  unreadable_fixture f;
  kafka::offset_fetch_request asked;
  asked.groups.emplace_back();
  asked.groups[0].group_id = "g";
  asked.groups[0].topics->push_back({"u", {}, {0}});
  const auto found = f.ask<kafka::offset_fetch_response>(asked, 8).groups.at(0);
  CAF_CHECK(found.error_code == coordinator_load_in_progress);
  CAF_CHECK(found.topics.at(0).partitions.at(0).error_code == coordinator_load_in_progress);
}

CAF_TEST(a group is not deleted while positions of it would be left) {
  unreadable_fixture f;
  CAF_CHECK(f.remove("g") == coordinator_not_available);
  CAF_CHECK_EQUAL(f.position("g"), 6);
  CAF_CHECK(f.remove("h") == none);
  f.exchange(smq::topic_entry_path("u"), f.good);
  CAF_CHECK_EQUAL(f.fetch_all("g").topics.size(), 2u);
  CAF_CHECK(f.remove("g") == none);
  f.topic = f.damaged;
  CAF_CHECK_EQUAL(f.position("g"), -1);
}

CAF_TEST(a group without an entry may have positions in a topic that cannot be read) {
  unreadable_fixture f;
  kafka::describe_groups_request asked;
  asked.groups = {"nobody"};
  CAF_CHECK(f.ask<kafka::describe_groups_response>(asked, 5).groups.at(0).error_code == coordinator_not_available);
  CAF_CHECK(f.remove("nobody") == coordinator_not_available);
  CAF_CHECK(f.fetch_all("nobody").error_code == coordinator_load_in_progress);
  f.exchange(smq::topic_entry_path("u"), f.good);
  const auto shown = f.ask<kafka::describe_groups_response>(asked, 5).groups.at(0);
  CAF_CHECK(shown.error_code == none);
  CAF_CHECK_EQUAL(shown.group_state, "Dead");
  CAF_CHECK(f.remove("nobody") == group_id_not_found);
  CAF_CHECK(f.fetch_all("nobody").error_code == none);
}

CAF_TEST(OffsetDelete of a topic that cannot be read is an error of the group and removes nothing) {
  unreadable_fixture f;
  kafka::offset_delete_request asked;
  asked.group_id = "g";
  asked.topics = {{"t", {{0}}}, {"u", {{0}}}};
  const auto failed = f.ask<kafka::offset_delete_response>(asked, 0);
  CAF_CHECK(failed.error_code == coordinator_not_available);
  CAF_CHECK(failed.topics.empty());
  CAF_CHECK_EQUAL(f.position("g"), 6);
  f.exchange(smq::topic_entry_path("u"), f.good);
  const auto removed = f.ask<kafka::offset_delete_response>(asked, 0);
  CAF_CHECK(removed.error_code == none);
  CAF_CHECK(removed.topics.at(1).partitions.at(0).error_code == none);
  CAF_CHECK_EQUAL(f.position("g"), -1);
}

CAF_TEST(Metadata names a topic that cannot be read) {
  unreadable_fixture f;
  kafka::metadata_request asked;
  asked.topics.reset();
  const auto all = f.ask<kafka::metadata_response>(asked, 12);
  CAF_REQUIRE_EQUAL(all.topics.size(), 2u);
  CAF_CHECK(all.topics[0].name == "t");
  CAF_CHECK(all.topics[0].error_code == none);
  CAF_CHECK(all.topics[1].name == "u");
  CAF_CHECK(all.topics[1].error_code == leader_not_available);
  f.exchange(smq::topic_entry_path("u"), f.good);
  CAF_CHECK(f.ask<kafka::metadata_response>(asked, 12).topics.at(1).error_code == none);
}

CAF_TEST(an id may be that of a topic that cannot be read) {
  unreadable_fixture f;
  kafka::metadata_request asked;
  asked.topics->push_back({f.damaged->id, std::nullopt});
  asked.topics->push_back({uuid{}, "nobody"});
  asked.allow_auto_topic_creation = false;
  const auto found = f.ask<kafka::metadata_response>(asked, 12);
  CAF_CHECK(found.topics.at(0).error_code == leader_not_available);
  CAF_CHECK(found.topics.at(1).error_code == unknown_topic_or_partition);
  f.exchange(smq::topic_entry_path("u"), f.good);
  CAF_CHECK(f.ask<kafka::metadata_response>(asked, 12).topics.at(0).error_code == none);
}
