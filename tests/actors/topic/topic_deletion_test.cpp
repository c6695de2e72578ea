#define CAF_SUITE topic_deletion
#include "tests/actors/store_fixture.hpp"

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

msg::topic_result find(node_fixture& node, const std::string& name, bool create = false) {
  return node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{name, {}, create, answer}); });
}

error_code make(node_fixture& node, const std::string& name) {
  return node
    .ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::create_topic{name, 1, {}, answer}); })
    .error;
}

error_code list_all(node_fixture& node) {
  return value_of(node.ask_later<error_code>(
    request_timed_out, [&](auto answer) { caf::anon_send(node.topics, msg::load_all_topics{answer}); }));
}

/// Deletes it, but its files and its name stay.
void delete_by_half(node_fixture& node, const actors::topic_ptr& topic) {
  node.ports->removals_fail = 1;
  CAF_CHECK(value_of(remove_later(node, topic->name)).error == request_timed_out);
}

bool is_stored(node_fixture& node, const actors::topic_ptr& topic) {
  const smq::testing::blocking ports{node.engine->ports()};
  return !ports.list(topic->directory_of(0)).value.entries.empty();
}

bool is_left(node_fixture& node) { return !node.store->topics.current()->deleting.empty(); }

}  // namespace

CAF_TEST(a topic is created once and found by name and id and created on demand) {
  node_fixture node;
  auto topic = node.create("t", 3, {{"max.message.bytes", "100"}});
  auto again = node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::create_topic{"t", 1, {}, answer}); });
  CAF_CHECK(again.error == topic_already_exists);
  CAF_REQUIRE(again.topic != nullptr);
  CAF_CHECK(*again.topic == *topic);
  CAF_CHECK(find(node, "u").error == unknown_topic_or_partition);
  auto made = find(node, "u", true);
  CAF_CHECK(made.error == none);
  CAF_CHECK(node.append(topic, batch_of(0, 20)).error == message_too_large);
  node.restart();
  auto by_id = node.ask_topic([&](auto answer) {
    caf::anon_send(node.topics, msg::find_topic{"", topic->id, false, answer});
  });
  CAF_REQUIRE(by_id.topic != nullptr);
  CAF_CHECK(*by_id.topic == *topic);
  CAF_CHECK(node.store->topics.current()->complete);
  CAF_CHECK_EQUAL(node.store->topics.current()->by_name.size(), 2U);
  auto unknown = node.ask_topic([&](auto answer) {
    caf::anon_send(node.topics, msg::find_topic{"", node.store->random_uuid(), false, answer});
  });
  CAF_CHECK(unknown.error == unknown_topic_id);
}

CAF_TEST(topics that come in together are published together and before anybody is answered) {
  constexpr int count = 50;
  node_fixture node;
  for (int i = 0; i < count; ++i) node.create("t" + std::to_string(i));
  node.restart();
  std::promise<void> begin;
  caf::anon_send(node.topics, msg::make_resume([gate = begin.get_future().share()] { gate.wait(); }));
  std::vector<std::future<actors::topic_snapshot_ptr>> seen;
  for (int i = 0; i < count; ++i) {
    auto promise = std::make_shared<std::promise<actors::topic_snapshot_ptr>>();
    seen.push_back(promise->get_future());
    reply<msg::topic_result> answer{{}, [promise, store = node.store](const msg::topic_result& found) {
                                      CAF_CHECK(found.error == none);
                                      promise->set_value(store->topics.current());
                                    }};
    caf::anon_send(node.topics, msg::find_topic{"t" + std::to_string(i), {}, false, answer});
  }
  begin.set_value();
  const auto first = value_of(std::move(seen[0]));
  CAF_CHECK_EQUAL(first->by_name.size(), static_cast<std::size_t>(count));
  for (int i = 1; i < count; ++i) CAF_CHECK(value_of(std::move(seen[static_cast<std::size_t>(i)])) == first);
}

CAF_TEST(deleting while appends run neither hangs nor leaves anything for the next topic of that name) {
  node_fixture node;
  for (int round = 0; round < 5; ++round) {
    auto topic = node.create("t", 3);
    std::vector<std::future<msg::append_result>> answers;
    for (int i = 0; i < 60; ++i) answers.push_back(node.append_to(node.partitions, topic, batch_of(i), i % 3));
    auto interest = std::make_shared<int>(1);
    auto waits = node.wait_above(topic, 1000, interest);
    auto removed = remove_later(node, "t");
    for (int i = 0; i < 60; ++i) answers.push_back(node.append_to(node.partitions, topic, batch_of(i), i % 3));
    CAF_CHECK(value_of(std::move(removed)).error == none);
    for (auto& a : answers) value_of(std::move(a));
    CAF_CHECK(!value_of(std::move(waits)));
    CAF_CHECK(node.append(topic, batch_of(0)).error == not_leader_or_follower);
    CAF_CHECK(find(node, "t").error == unknown_topic_or_partition);
    auto next = node.create("t", 3);
    CAF_CHECK(next->id != topic->id);
    CAF_CHECK_EQUAL(node.append(next, batch_of(0)).base_offset, 0);
    CAF_CHECK(node.read_all(next) == numbers(1));
    CAF_CHECK(value_of(remove_later(node, "t")).error == none);
  }
}

CAF_TEST(a write on its way is decided before the directory is removed) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.ports->script({fault::held});
  auto append = node.append_to(node.partitions, topic, batch_of(1));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  auto removed = remove_later(node, "t");
  CAF_CHECK(value_of(std::move(append)).error == unknown_topic_or_partition);
  CAF_CHECK(removed.wait_for(100ms) == std::future_status::timeout);
  node.ports->release();
  CAF_CHECK(value_of(std::move(removed)).error == none);
  auto next = node.create("t");
  CAF_CHECK(node.read_all(next).empty());
}

CAF_TEST(a crashed offset actor does not hold its topic back) {
  node_fixture node;
  for (int round = 0; round < 10; ++round) {
    auto topic = node.create("t", 2);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 1).base_offset, 0);
    node.ports->put_throws = 1;
    auto crash = node.append_to(node.partitions, topic, batch_of(1));
    if (round % 2 == 0) CAF_CHECK(crash.wait_for(5s) == std::future_status::ready);
    auto removed = value_of(remove_later(node, "t"));
    CAF_CHECK(removed.error == none);
    value_of(std::move(crash));
    node.ports->put_throws = 0;
  }
}

CAF_TEST(two deletions at once both end and the next topic stays) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  auto first = remove_later(node, "t");
  auto second = remove_later(node, "t");
  CAF_CHECK(value_of(std::move(first)).error == none);
  auto late = value_of(std::move(second)).error;
  CAF_CHECK(late == none || late == unknown_topic_or_partition);
  auto next = node.create("t");
  CAF_CHECK(node.store->topics.current()->find("t") == next);
  CAF_CHECK(value_of(remove_later(node, "absent")).error == unknown_topic_or_partition);
}

CAF_TEST(a deletion that was not finished is finished by the next one also after a restart) {
  for (bool restarts : {false, true}) {
    node_fixture node;
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    delete_by_half(node, topic);
    node.ports->removals_fail = 1000;  // nothing else finishes it
    CAF_CHECK(find(node, "t").error == unknown_topic_or_partition);
    if (restarts) node.restart();
    node.ports->removals_fail = 1000;
    CAF_CHECK(make(node, "t") == topic_already_exists);
    node.ports->removals_fail = 0;
    const auto removed = value_of(remove_later(node, "t")).error;
    CAF_CHECK(removed == none || removed == unknown_topic_or_partition);  // the background was faster
    auto next = node.create("t");
    CAF_CHECK(node.read_all(next).empty());
    CAF_CHECK_EQUAL(node.append(next, batch_of(0)).base_offset, 0);
  }
}

CAF_TEST(a deletion that was cut off is finished although nobody asks for it again) {
  enum class notice { none, list, look_up, creation, auto_creation };
  for (const auto by : {notice::none, notice::list, notice::look_up, notice::creation, notice::auto_creation}) {
    node_fixture node;
    auto topic = node.create("t", 3);
    auto other = node.create("u");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    CAF_CHECK_EQUAL(node.append(other, batch_of(0)).base_offset, 0);
    delete_by_half(node, topic);
    if (by != notice::none) node.restart();
    CAF_CHECK(is_stored(node, topic));
    switch (by) {
      case notice::none: break;
      case notice::list: CAF_CHECK(list_all(node) == none); break;
      case notice::look_up: CAF_CHECK(find(node, "t").error == unknown_topic_or_partition); break;
      case notice::creation: CAF_CHECK(make(node, "t") == topic_already_exists); break;
      case notice::auto_creation: CAF_CHECK(find(node, "t", true).error == topic_already_exists); break;
    }
    CAF_CHECK(is_left(node));
    CAF_REQUIRE(soon_true([&] { return !is_left(node); }));
    CAF_CHECK(!is_stored(node, topic));
    CAF_CHECK(node.read_all(node.create("t")).empty());
    CAF_CHECK_EQUAL(node.read_all(node.find("u")).size(), 1u);
    CAF_CHECK(list_all(node) == none);
    CAF_CHECK(!is_left(node));
  }
}

CAF_TEST(all deletions that were cut off are finished and have more time than a request) {
  node_fixture node;
  std::vector<actors::topic_ptr> topics;
  for (const auto* name : {"a", "b", "c"}) topics.push_back(node.create(name));
  for (const auto& topic : topics) {
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    delete_by_half(node, topic);
  }
  node.restart();
  node.ports->removals_fail = 1;
  CAF_CHECK(list_all(node) == none);
  CAF_CHECK_EQUAL(node.store->topics.current()->deleting.size(), 3u);
  CAF_REQUIRE(soon_true([&] { return !is_left(node); }));
  for (const auto& topic : topics) CAF_CHECK(!is_stored(node, topic));
  CAF_CHECK_EQUAL(node.ports->removal_deadlines().size(), 4u);
  for (const auto deadline : node.ports->removal_deadlines()) CAF_CHECK(deadline > node.store->deadline() + 20s);
}

CAF_TEST(a deletion whose registry died is finished by the next registry) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  CAF_CHECK(list_all(node) == none);  // nobody lists them again
  delete_by_half(node, topic);
  caf::anon_send_exit(node.topics, caf::exit_reason::kill);
  node.topics = actors::spawn_topic_registry(*node.system, node.store, {1},
                                             actors::forget_everywhere(node.store, node.registries, node.groups),
                                             actors::tell_partitions(node.registries));
  node.registries->topics.publish(node.topics);
  CAF_REQUIRE(soon_true([&] { return !is_left(node); }));
  CAF_CHECK(!is_stored(node, topic));
  CAF_CHECK(make(node, "t") == none);
}

CAF_TEST(a deletion in doubt lets nothing into a topic that is marked) {
  for (const bool is_marked : {true, false}) {
    node_fixture node;
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    (is_marked ? node.ports->goes_away_applying : node.ports->is_away) = true;
    CAF_CHECK(value_of(remove_later(node, "t")).error == request_timed_out);
    const auto in_doubt = [&] { return !node.store->topics.current()->in_doubt.empty(); };
    CAF_CHECK(in_doubt());
    CAF_CHECK(node.store->topics.current()->find("t") != nullptr);  // nobody knows
    node.ports->is_away = false;
    CAF_REQUIRE(soon_true([&] { return !in_doubt(); }));
    CAF_CHECK_EQUAL(node.store->topics.current()->find("t") == nullptr, is_marked);
    const auto after = node.append(topic, batch_of(1)).error;
    CAF_CHECK_EQUAL(after == none, !is_marked);
    node.restart();
    CAF_CHECK_EQUAL(find(node, "t").error == unknown_topic_or_partition, is_marked);
    CAF_CHECK(value_of(remove_later(node, "t")).error == none);
  }
}

CAF_TEST(a topic whose creation is in doubt is looked for and not taken for absent) {
  node_fixture node;
  CAF_CHECK(list_all(node) == none);
  CAF_CHECK(node.store->topics.current()->proves_absent("t"));
  node.ports->is_away = true;
  CAF_CHECK(make(node, "t") == request_timed_out);
  CAF_CHECK(!node.store->topics.current()->proves_absent("t"));
  node.ports->is_away = false;
  CAF_CHECK(find(node, "t").error == unknown_topic_or_partition);
  CAF_CHECK(!node.store->topics.current()->proves_absent("t"));
  CAF_CHECK(make(node, "t") == none);
  CAF_CHECK(node.store->topics.current()->in_doubt.empty());
}

CAF_TEST(what was read before a deletion does not bring the topic back) {
  node_fixture node;
  auto topic = node.create("t");
  node.create("u");
  node.restart();
  node.ports->many_reads_stall = 1;
  auto all = node.ask_later<error_code>(request_timed_out, [&](auto answer) {
    caf::anon_send(node.topics, msg::load_all_topics{answer});
  });
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  CAF_CHECK(value_of(remove_later(node, "t")).error == none);
  node.ports->release();
  CAF_CHECK(value_of(std::move(all)) == none);
  CAF_CHECK(node.store->topics.current()->find("u") != nullptr);
  CAF_CHECK(node.store->topics.current()->find("t") == nullptr);
}

CAF_TEST(a killed registry answers what it held and its children end) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.ports->script({fault::held});
  auto append = node.append_to(node.partitions, topic, batch_of(1));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  caf::anon_send_exit(node.partitions, caf::exit_reason::kill);
  CAF_CHECK(value_of(std::move(append)).error == not_leader_or_follower);
  CAF_CHECK(node.append(topic, batch_of(1)).error == not_leader_or_follower);
  CAF_CHECK(soon_true([&] { return node.system->registry().running() == 1; }));  // the topic registry
}
