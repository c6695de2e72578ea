#define CAF_SUITE group_offset_delete
#include "actors/core/group/subscription.hpp"
#include "tests/core/group_fixture.hpp"
#include "tests/core/subscription_bytes.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using core::group_phase;
using enum error_code;

namespace {

uuid id_of(unsigned n) {
  uuid id;
  id.bytes[0] = static_cast<std::byte>(n);
  return id;
}

/// A group in this phase whose members subscribe to "used"; it has positions in "used" and "free".
struct deletion_fixture {
  group_fixture f;

  deletion_fixture(group_phase phase, const std::string& type, const byte_buffer& metadata) {
    for (const auto& [name, n] : {std::pair{"used", 1U}, std::pair{"free", 2U}}) commit(name, n);
    if (phase == group_phase::empty) return;
    if (phase == group_phase::dead) {
      f.take(f.group.retire(not_coordinator));
      return;
    }
    auto r = group_fixture::join_request();
    r.protocol_type = type;
    r.protocols = {{"range", metadata}};
    const auto first = f.join(r);
    f.advance(1'000);
    if (phase == group_phase::completing_rebalance) return;
    const auto id = f.joined(first).member_id;
    f.sync(id, f.joined(first).generation, {{id, "a"}});
    if (phase == group_phase::preparing_rebalance) f.join(r);
  }

  void commit(const std::string& topic, unsigned n) {
    msg::offset_commit r;
    r.items = {{{topic, id_of(n), 0}, {5, 1, "", 0}}};
    if (f.group.plan_commit(r, f.at()).persist) f.take(f.group.on_persisted(none, f.at()));
  }

  core::position_plan remove(const std::string& topic, unsigned n, std::int32_t partition = 0) {
    msg::delete_offsets r;
    r.partitions = {{topic, id_of(n), partition}};
    auto plan = f.group.plan_offset_delete(r);
    if (plan.persist) f.take(f.group.on_persisted(none, f.at()));
    return plan;
  }

  [[nodiscard]] std::size_t listed() const { return f.group.stored().topics.size(); }
};

}  // namespace

CAF_TEST(what OffsetDelete answers by phase and protocol type) {
  struct row {
    group_phase phase;
    const char* type;
    error_code group;
    error_code used;  // of a topic that members subscribe to
    error_code free;  // of one that nobody does
  };
  const row rows[] = {
    {group_phase::empty, "", none, none, none},
    {group_phase::stable, "consumer", none, group_subscribed_to_topic, none},
    {group_phase::preparing_rebalance, "consumer", none, group_subscribed_to_topic, none},
    {group_phase::completing_rebalance, "consumer", none, group_subscribed_to_topic, none},
    {group_phase::stable, "connect", non_empty_group, none, none},
    {group_phase::preparing_rebalance, "connect", non_empty_group, none, none},
    {group_phase::completing_rebalance, "connect", non_empty_group, none, none},
    {group_phase::dead, "", coordinator_not_available, none, none},
  };
  for (const auto& r : rows) {
    deletion_fixture d(r.phase, r.type, subscription({"used"}));
    CAF_REQUIRE(d.f.group.phase() == r.phase);
    const auto used = d.remove("used", 1);
    const auto free = d.remove("free", 2);
    CAF_CHECK(used.error == r.group);
    CAF_CHECK(free.error == r.group);
    if (r.group != none) {
      CAF_CHECK(used.items.empty() && !used.persist);
      CAF_CHECK_EQUAL(d.listed(), 2u);
      continue;
    }
    CAF_CHECK(used.items.at(0) == r.used);
    CAF_CHECK(free.items.at(0) == r.free);
    CAF_CHECK_EQUAL(used.persist.has_value(), r.used == none);
    CAF_CHECK_EQUAL(free.persist.has_value(), r.free == none);
    CAF_CHECK_EQUAL(d.listed(), r.used == none ? 0u : 1u);
  }
}

CAF_TEST(a group that nobody knows or that was deleted has nothing to delete) {
  group_fixture f;
  msg::delete_offsets r;
  r.partitions = {{"t", id_of(1), 0}};
  CAF_CHECK(f.group.plan_offset_delete(r).error == group_id_not_found);
  deletion_fixture d(group_phase::empty, "", {});
  d.f.take(d.f.group.on_delete(1, d.f.at()));
  CAF_CHECK(d.remove("used", 1).error == group_id_not_found);
}

CAF_TEST(a simple group whose topics are gone or that lost its positions is empty and can be deleted) {
  for (const bool by_topic : {true, false}) {
    deletion_fixture d(group_phase::empty, "", {});
    if (by_topic) {
      d.f.group.forget_topic(id_of(1));
      d.f.group.forget_topic(id_of(2));
    } else {
      d.remove("used", 1);
      d.remove("free", 2);
    }
    CAF_CHECK_EQUAL(d.listed(), 0u);
    CAF_CHECK_EQUAL(d.f.group.describe().state, "Empty");
    CAF_CHECK_EQUAL(d.f.group.list().state, "Empty");
    d.f.take(d.f.group.on_delete(1, d.f.at()));
    CAF_CHECK(std::get<error_code>(d.f.answers[1].at(0)) == none);
    CAF_CHECK(d.f.disk.deleted);
    CAF_CHECK_EQUAL(d.f.group.list().state, "Dead");
    d.f.take(d.f.group.on_delete(2, d.f.at()));
    CAF_CHECK(std::get<error_code>(d.f.answers[2].at(0)) == group_id_not_found);
  }
}

CAF_TEST(where there is no position the answer is none and nothing is stored) {
  deletion_fixture d(group_phase::empty, "", {});
  for (const auto& plan : {d.remove("free", 2, 7), d.remove("other", 3)}) {
    CAF_CHECK(plan.items.at(0) == none);
    CAF_CHECK(!plan.persist);
  }
  CAF_CHECK_EQUAL(d.listed(), 2u);
}

CAF_TEST(topics are kept in the order of their ids whatever was stored) {
  group_metadata entry;
  entry.empty_since_ms = 1;
  for (const unsigned n : {5U, 1U, 3U}) entry.topics.push_back({id_of(n), "t", {0, 2}});
  group_fixture f(entry);
  msg::offset_commit again;
  for (const unsigned n : {1U, 3U, 5U}) again.items.push_back({{"t", id_of(n), 2}, {5, 1, "", 0}});
  CAF_CHECK(!f.group.plan_commit(again, f.at()).persist);
  msg::offset_commit more;
  for (const unsigned n : {4U, 2U, 4U, 3U, 6U}) more.items.push_back({{"t", id_of(n), 1}, {5, 1, "", 0}});
  more.items.push_back({{"t", id_of(4), 0}, {5, 1, "", 0}});
  CAF_REQUIRE(f.group.plan_commit(more, f.at()).persist.has_value());
  f.take(f.group.on_persisted(none, f.at()));
  const std::vector<group_topic> all{{id_of(1), "t", {0, 2}}, {id_of(2), "t", {1}},       {id_of(3), "t", {0, 1, 2}},
                                     {id_of(4), "t", {0, 1}}, {id_of(5), "t", {0, 2}}, {id_of(6), "t", {1}}};
  CAF_CHECK(f.group.stored().topics == all);
  msg::delete_offsets gone;
  for (const auto& [n, partition] : {std::pair{4U, 1}, {2U, 1}, {9U, 1}, {4U, 0}, {5U, 0}})
    gone.partitions.push_back({"t", id_of(n), partition});
  CAF_REQUIRE(f.group.plan_offset_delete(gone).persist.has_value());
  f.take(f.group.on_persisted(none, f.at()));
  CAF_CHECK((f.group.stored().topics == std::vector<group_topic>{
    {id_of(1), "t", {0, 2}}, {id_of(3), "t", {0, 1, 2}}, {id_of(5), "t", {2}}, {id_of(6), "t", {1}}}));
}

CAF_TEST(a subscription that cannot be read protects every topic) {
  for (const auto& metadata : {byte_buffer{}, byte_buffer(5), group_fixture::bytes("m")}) {
    deletion_fixture d(group_phase::stable, "consumer", metadata);
    CAF_CHECK(d.remove("free", 2).items.at(0) == group_subscribed_to_topic);
  }
}

CAF_TEST(the first round of a group protects every topic until it is over) {
  deletion_fixture d(group_phase::empty, "", {});
  auto r = group_fixture::join_request();
  r.protocols = {{"range", subscription({"used"})}};
  d.f.join(r);
  CAF_CHECK(d.f.group.phase() == group_phase::preparing_rebalance);
  CAF_CHECK(d.remove("free", 2).items.at(0) == group_subscribed_to_topic);
}

CAF_TEST(any truncated subscription is none) {
  const auto whole = subscription({"a", "topic"});
  CAF_CHECK(core::subscribed_topics(whole) == std::vector<std::string>({"a", "topic"}));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CAF_CHECK(!core::subscribed_topics(byte_view{whole}.first(size)));
  auto later = whole;  // what newer versions add is not looked at
  later[1] = std::byte{3};
  later.resize(whole.size() + 9);
  CAF_CHECK(core::subscribed_topics(later) == std::vector<std::string>({"a", "topic"}));
  later[0] = std::byte{0xff};
  CAF_CHECK(!core::subscribed_topics(later));
}

CAF_TEST(a deleted topic is not listed any more also not by a write that was on its way) {
  deletion_fixture d(group_phase::empty, "", {});
  d.f.group.forget_topic(id_of(1));
  CAF_CHECK_EQUAL(d.listed(), 1u);
  msg::offset_commit r;
  r.items = {{{"used", id_of(1), 0}, {5, 1, "", 0}}, {{"new", id_of(3), 0}, {5, 1, "", 0}}};
  CAF_REQUIRE(d.f.group.plan_commit(r, d.f.at()).persist.has_value());
  d.f.group.forget_topic(id_of(1));
  d.f.take(d.f.group.on_persisted(none, d.f.at()));
  CAF_REQUIRE_EQUAL(d.listed(), 2u);
  for (const auto& topic : d.f.group.stored().topics) CAF_CHECK(topic.topic_id != id_of(1));
}
