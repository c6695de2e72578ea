#define CAF_SUITE group_topics
// What becomes of positions when topics are deleted, and OffsetDelete.
#include "smq/positions/group_entry.hpp"
#include "tests/actors/group/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

std::future<msg::topic_result> remove_later(node_fixture& node, const std::string& name) {
  return node.ask_later<msg::topic_result>({}, [&](auto answer) {
    caf::anon_send(node.topics, msg::delete_topic{name, {}, answer});
  });
}

/// Entries below a directory, of any depth.
std::size_t entries_below(node_fixture& node, const std::string& directory) {
  auto promise = std::make_shared<std::promise<smq::result<smq::list_page>>>();
  node.engine->ports().entries.list(directory, "", 1000, false, smq::testing::soon(),
                                    [promise](auto page) { promise->set_value(std::move(page)); });
  auto page = value_of(promise->get_future());
  CAF_REQUIRE(page.is_ok());
  return page.value.entries.size();
}

std::size_t positions_of(node_fixture& node, const actors::topic_ptr& topic) {
  std::size_t count = 0;
  for (std::int32_t p = 0; p < topic->partitions; ++p)
    count += entries_below(node, topic->directory_of(p) + "/consumers");
  return count;
}

group_metadata stored_group(node_fixture& node, const std::string& group) {
  auto promise = std::make_shared<std::promise<smq::group_answer>>();
  smq::read_group(node.engine->ports().entries, group, smq::testing::soon(),
                  [promise](auto answer) { promise->set_value(std::move(answer)); });
  return value_of(promise->get_future()).group;
}

error_code load_all(node_fixture& node) {
  return value_of(node.ask_later<error_code>(unknown_server_error, [&](auto answer) {
    caf::anon_send(node.topics, msg::load_all_topics{answer});
  }));
}

msg::delete_offsets_result delete_offsets(groups_fixture& f, const std::string& group,
                                          std::vector<msg::group_partition> partitions) {
  return value_of(f.node.ask_later<msg::delete_offsets_result>({}, [&](auto answer) {
    caf::anon_send(f.registry, msg::delete_offsets{group, std::move(partitions), answer});
  }));
}

}  // namespace

CAF_TEST(a commit on its way is decided before the directory is removed) {
  groups_fixture f;
  CAF_CHECK(f.commit("g", 1) == none);
  f.node.ports->script({fault::held});
  auto late = f.commit_to(f.registry, "g", 2);
  CAF_REQUIRE(soon_true([&] { return f.node.ports->held_count() == 1; }));
  auto removed = remove_later(f.node, "t");
  CAF_CHECK(removed.wait_for(200ms) == std::future_status::timeout);
  f.node.ports->release();
  CAF_CHECK(value_of(std::move(removed)).error == none);
  CAF_CHECK(value_of(std::move(late)).at(0) == none);  // it was stored, then the topic went
  CAF_CHECK_EQUAL(positions_of(f.node, f.topic), 0u);
}

CAF_TEST(a commit of a crashed coordinator is decided before the directory is removed) {
  groups_fixture f;
  auto context = f.context;
  context.group_id = "g";
  auto one = actors::spawn_coordinator(*f.node.system, context);
  CAF_CHECK(value_of(f.commit_to(one, "g", 1)).at(0) == none);
  f.node.ports->script({fault::held});
  auto late = f.commit_to(one, "g", 2);
  CAF_REQUIRE(soon_true([&] { return f.node.ports->held_count() == 1; }));
  caf::anon_send_exit(one, caf::exit_reason::kill);
  one = nullptr;
  auto removed = remove_later(f.node, "t");
  CAF_CHECK(removed.wait_for(200ms) == std::future_status::timeout);
  f.node.ports->release();
  CAF_CHECK(value_of(std::move(removed)).error == none);
  value_of(std::move(late));
  CAF_CHECK_EQUAL(positions_of(f.node, f.topic), 0u);
}

CAF_TEST(a commit on its way is decided before any of several topics that are deleted meanwhile is removed) {
  groups_fixture f;
  const auto t = f.topic;
  const auto other = f.node.create("u", 1);
  f.node.create("v", 1);
  f.topic = other;
  CAF_CHECK(f.commit("g", 1) == none);
  f.node.ports->script({fault::held});
  auto late = f.commit_to(f.registry, "g", 2);
  CAF_REQUIRE(soon_true([&] { return f.node.ports->held_count() == 1; }));
  auto first = remove_later(f.node, "t");
  CAF_CHECK(first.wait_for(100ms) == std::future_status::timeout);
  auto second = remove_later(f.node, "u");
  auto third = remove_later(f.node, "v");
  CAF_CHECK(second.wait_for(200ms) == std::future_status::timeout);
  CAF_CHECK(third.wait_for(1ms) == std::future_status::timeout);
  f.node.ports->release();
  for (auto* removed : {&first, &second, &third}) CAF_CHECK(value_of(std::move(*removed)).error == none);
  value_of(std::move(late));
  CAF_CHECK_EQUAL(positions_of(f.node, other), 0u);
  CAF_CHECK_EQUAL(positions_of(f.node, t), 0u);
}

CAF_TEST(commits while their topic is deleted leave nothing behind whatever the store does) {
  groups_fixture f;
  for (const auto trouble : {fault::none, fault::lost, fault::applied_but_unknown, fault::prefix_but_unknown}) {
    const auto topic = f.topic;
    std::vector<std::future<std::vector<error_code>>> answers;
    for (int i = 0; i < 20; ++i) answers.push_back(f.commit_to(f.registry, "g" + std::to_string(i % 4), i, i % 2));
    if (trouble != fault::none) f.node.ports->script({trouble, trouble});
    auto removed = remove_later(f.node, "t");
    for (int i = 0; i < 20; ++i) answers.push_back(f.commit_to(f.registry, "g" + std::to_string(i % 4), i, i % 2));
    CAF_CHECK(value_of(std::move(removed)).error == none);
    CAF_CHECK_EQUAL(positions_of(f.node, topic), 0u);
    CAF_CHECK(f.commit("g0", 99) == unknown_topic_or_partition);  // still the old id
    for (auto& a : answers) value_of(std::move(a));
    CAF_CHECK_EQUAL(positions_of(f.node, topic), 0u);
    f.topic = f.node.create("t", 2);
    CAF_CHECK_EQUAL(f.position("g0"), -1);
  }
}

CAF_TEST(a commit to a deleted topic and to a live one stores the live one) {
  groups_fixture f;
  const auto other = f.node.create("u", 1);
  CAF_CHECK(value_of(remove_later(f.node, "t")).error == none);
  msg::offset_commit m;
  m.group_id = "g";
  m.items = {f.item(f.where(0), 5), f.item({"u", other->id, 0}, 6), f.item(f.where(1), 7)};
  const std::vector<error_code> expected{unknown_topic_or_partition, none, unknown_topic_or_partition};
  CAF_CHECK(value_of(f.send_commit(f.registry, m)) == expected);
  const auto found = f.fetch("g", std::vector<msg::group_partition>{{"u", other->id, 0}});
  CAF_CHECK_EQUAL(found.items.at(0).position.offset, 6);
  CAF_CHECK_EQUAL(stored_group(f.node, "g").topics.size(), 1u);
}

CAF_TEST(a commit that names a deleted topic keeps its place before later ones) {
  groups_fixture f;
  const auto other = f.node.create("u", 1);
  CAF_CHECK(value_of(remove_later(f.node, "u")).error == none);
  f.node.ports->script({fault::held});
  auto first = f.commit_to(f.registry, "h", 1);  // what follows waits for the group's entry
  CAF_REQUIRE(soon_true([&] { return f.node.ports->held_count() == 1; }));
  msg::offset_commit older;
  older.group_id = "h";
  older.items = {f.item(f.where(0), 5), f.item({"u", other->id, 0}, 5)};
  auto partly = f.send_commit(f.registry, older);
  auto newer = f.commit_to(f.registry, "h", 6);
  f.node.ports->release();
  CAF_CHECK(value_of(std::move(first)).at(0) == none);
  const std::vector<error_code> expected{none, unknown_topic_or_partition};
  CAF_CHECK(value_of(std::move(partly)) == expected);
  CAF_CHECK(value_of(std::move(newer)).at(0) == none);
  CAF_CHECK_EQUAL(f.position("h"), 6);
  f.restart();
  CAF_CHECK_EQUAL(f.position("h"), 6);
}

CAF_TEST(a commit to deleted topics only stores nothing not even a group) {
  groups_fixture f;
  CAF_CHECK(value_of(remove_later(f.node, "t")).error == none);
  CAF_CHECK(f.commit("g", 5) == unknown_topic_or_partition);
  CAF_CHECK(f.list().empty());
  f.topic = f.node.create("t", 2);
  CAF_CHECK(f.commit("g", 6) == none);
  CAF_CHECK_EQUAL(f.position("g"), 6);
}

CAF_TEST(a member is not answered a position of a deleted topic and the list follows) {
  groups_fixture f;
  const auto other = f.node.create("u", 1);
  const auto member = f.join("g");
  CAF_CHECK(f.commit_as("g", member, 5) == none);
  CAF_CHECK_EQUAL(f.position("g"), 5);
  CAF_CHECK(value_of(remove_later(f.node, "t")).error == none);
  CAF_CHECK_EQUAL(f.position("g"), -1);
  f.topic = other;
  CAF_CHECK(f.commit_as("g", member, 6) == none);
  const auto listed = stored_group(f.node, "g").topics;
  CAF_REQUIRE_EQUAL(listed.size(), 1u);
  CAF_CHECK(listed[0].topic_id == other->id);
}

CAF_TEST(an idle group forgets a deleted topic with its first write after it is loaded) {
  groups_fixture f;
  const auto other = f.node.create("u", 1);
  CAF_CHECK(f.commit("g", 5) == none);
  f.stop();
  CAF_CHECK(value_of(remove_later(f.node, "t")).error == none);
  CAF_CHECK(load_all(f.node) == none);
  f.start();
  CAF_CHECK_EQUAL(f.position("g"), -1);
  CAF_CHECK_EQUAL(stored_group(f.node, "g").topics.size(), 1u);
  f.topic = other;
  CAF_CHECK(f.commit("g", 6) == none);
  const auto listed = stored_group(f.node, "g").topics;
  CAF_REQUIRE_EQUAL(listed.size(), 1u);
  CAF_CHECK(listed[0].topic_id == other->id);
}

CAF_TEST(a simple group whose only topic was deleted is listed and described until it is deleted) {
  groups_fixture f;
  CAF_CHECK(f.commit("g", 5) == none);
  CAF_CHECK(value_of(remove_later(f.node, "t")).error == none);
  CAF_CHECK(load_all(f.node) == none);
  const std::vector<std::string> all{"g Empty"};
  for (const bool is_loaded_again : {false, true}) {
    if (is_loaded_again) {
      f.stop();
      f.start();
    }
    CAF_CHECK(f.list() == all);
    const auto shown = value_of(f.node.ask_later<msg::describe_group_result>({}, [&](auto answer) {
      caf::anon_send(f.registry, msg::describe_group{"g", answer});
    }));
    CAF_CHECK_EQUAL(shown.state, "Empty");
    CAF_CHECK(f.list() == all);
  }
  const auto removed = value_of(f.node.ask_later<error_code>(unknown_server_error, [&](auto answer) {
    caf::anon_send(f.registry, msg::delete_group{"g", answer});
  }));
  CAF_CHECK(removed == none);
  CAF_CHECK(f.list().empty());
  f.stop();
  f.start();
  CAF_CHECK(f.list().empty());
}

CAF_TEST(a topic that is not looked up yet stays in the list of its group) {
  groups_fixture f;
  f.node.create("u", 1);
  CAF_CHECK(f.commit("g", 5) == none);
  f.stop();
  f.node.restart();
  auto found = f.node.ask_topic([&](auto answer) {
    caf::anon_send(f.node.topics, msg::find_topic{"u", {}, false, answer});
  });
  CAF_REQUIRE(found.topic != nullptr);
  f.topic = found.topic;
  f.start();
  CAF_CHECK(!f.node.store->topics.current()->complete);
  CAF_CHECK(f.commit("g", 6) == none);
  CAF_CHECK_EQUAL(stored_group(f.node, "g").topics.size(), 2u);
  CAF_CHECK(load_all(f.node) == none);
  CAF_CHECK_EQUAL(f.fetch("g", std::nullopt).items.size(), 2u);
}

CAF_TEST(deleted positions are gone until the next commit) {
  groups_fixture f;
  CAF_CHECK(f.commit("g", 5) == none);
  CAF_CHECK(f.commit("g", 6, 1) == none);
  const auto result = delete_offsets(f, "g", {f.where(0)});
  CAF_CHECK(result.error == none);
  CAF_CHECK(result.items == std::vector{none});
  CAF_CHECK_EQUAL(f.position("g"), -1);
  CAF_CHECK_EQUAL(f.position("g", 1), 6);
  f.restart();
  CAF_CHECK_EQUAL(f.position("g"), -1);
  CAF_CHECK_EQUAL(f.fetch("g", std::nullopt).items.size(), 1u);
  CAF_CHECK(f.commit("g", 7) == none);
  CAF_CHECK_EQUAL(f.position("g"), 7);
  f.know_topics();
  CAF_CHECK(delete_offsets(f, "nobody", {f.where(0)}).error == group_id_not_found);
}

CAF_TEST(positions of a topic that members use stay and others go) {
  groups_fixture f;
  const auto other = f.node.create("u", 1);
  CAF_CHECK(f.commit("g", 5) == none);
  const auto t = f.topic;
  f.topic = other;
  CAF_CHECK(f.commit("g", 6) == none);
  f.topic = t;
  f.join("g", "t");
  const auto result = delete_offsets(f, "g", {f.where(0), {"u", other->id, 0}});
  CAF_CHECK(result.error == none);
  const std::vector<error_code> expected{group_subscribed_to_topic, none};
  CAF_CHECK(result.items == expected);
  CAF_CHECK_EQUAL(f.position("g"), 5);
  const auto of_other = f.fetch("g", std::vector<msg::group_partition>{{"u", other->id, 0}});
  CAF_CHECK_EQUAL(of_other.items.at(0).position.offset, -1);
}

CAF_TEST(a removal that was not stored is an error of the group and the position stays) {
  groups_fixture f;
  CAF_CHECK(f.commit("g", 5) == none);
  f.node.ports->script({fault::refused});
  const auto result = delete_offsets(f, "g", {f.where(0)});
  CAF_CHECK(result.error == coordinator_not_available);
  CAF_CHECK(result.items.empty());
  CAF_CHECK_EQUAL(f.position("g"), 5);
}
