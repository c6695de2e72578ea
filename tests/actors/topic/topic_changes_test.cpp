#define CAF_SUITE topic_changes
// Configs and partitions of a live topic: stored, published and told to those who serve it.
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

using decision = std::function<msg::topic_change(const smq::topic_info&)>;

decision grow_by(std::int32_t more) {
  return [more](const smq::topic_info& now) {
    msg::topic_change change{none, {}, now};
    change.after.partitions += more;
    return change;
  };
}

decision set_config(std::string key, std::string value) {
  return [key, value](const smq::topic_info& now) {
    msg::topic_change change{none, {}, now};
    change.after.configs[key] = value;
    return change;
  };
}

std::future<msg::change_result> change_later(node_fixture& node, decision decide, bool validate_only = false,
                                             const std::string& topic = "t") {
  return node.ask_later<msg::change_result>({}, [&](auto answer) {
    caf::anon_send(node.topics, msg::change_topic{topic, std::move(decide), validate_only, answer});
  });
}

error_code change(node_fixture& node, decision decide, bool validate_only = false, const std::string& topic = "t") {
  return value_of(change_later(node, std::move(decide), validate_only, topic)).error;
}

actors::topic_ptr shown(node_fixture& node, const std::string& topic = "t") {
  return node.store->topics.current()->find(topic);
}

smq::topic_info stored(node_fixture& node, const std::string& topic = "t") {
  auto found = std::make_shared<std::promise<smq::topic_answer>>();
  smq::topic_catalog(node.engine->ports().entries).get(topic, smq::testing::soon(), [found](smq::topic_answer answer) {
    found->set_value(std::move(answer));
  });
  const auto answer = value_of(found->get_future());
  CAF_REQUIRE(answer.code == smq::lookup_result::found);
  return answer.topic;
}

bool is_settled(node_fixture& node) { return node.store->topics.current()->in_doubt.empty(); }

}  // namespace

CAF_TEST(added partitions serve at once and what was there stays) {
  node_fixture node;
  auto topic = node.create("t", 2);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 3), 1).base_offset, 0);
  CAF_CHECK(node.append(topic, batch_of(0), 4).error == not_leader_or_follower);
  CAF_CHECK(change(node, grow_by(3)) == none);
  CAF_CHECK_EQUAL(shown(node)->partitions, 5);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 4).base_offset, 0);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(3), 1).base_offset, 3);
  CAF_CHECK(node.append(topic, batch_of(0), 5).error == not_leader_or_follower);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(topic->partitions, 5);
  CAF_CHECK(node.read_all(topic, 1) == numbers(4));
  CAF_CHECK(node.read_all(topic, 4) == numbers(1));
  CAF_CHECK(node.read_all(topic, 0).empty());
}

CAF_TEST(a running offset actor follows a config from the next batch on) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 20)).base_offset, 0);
  CAF_CHECK(change(node, set_config("max.message.bytes", "100")) == none);
  CAF_CHECK(node.append(topic, batch_of(20, 20)).error == message_too_large);
  CAF_CHECK(change(node, set_config("max.message.bytes", "100000")) == none);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(20, 20)).base_offset, 20);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(40)).log_append_time_ms, -1);
  CAF_CHECK(change(node, set_config("message.timestamp.type", "LogAppendTime")) == none);
  CAF_CHECK(node.append(topic, batch_of(41)).log_append_time_ms > 0);
  auto without = [](const smq::topic_info& now) {
    msg::topic_change gone{none, {}, now};
    gone.after.configs.clear();
    return gone;
  };
  CAF_CHECK(change(node, set_config("max.message.bytes", "100")) == none);
  CAF_CHECK(change(node, without) == none);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(42, 20)).log_append_time_ms, -1);  // and it is not too large any more
}

CAF_TEST(an altered config is there after a restart) {
  node_fixture node;
  node.create("t");
  CAF_CHECK(change(node, set_config("max.message.bytes", "100")) == none);
  node.restart();
  auto topic = node.find("t");
  CAF_CHECK_EQUAL(topic->configs.at("max.message.bytes"), "100");
  CAF_CHECK(node.append(topic, batch_of(0, 20)).error == message_too_large);
}

CAF_TEST(what is only validated or refused or the same writes nothing) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK(change(node, grow_by(3), true) == none);
  auto refuse = [](const smq::topic_info& now) {
    msg::topic_change no{invalid_config, "no", now};
    no.after.partitions = 9;
    return no;
  };
  const auto refused = value_of(change_later(node, refuse));
  CAF_CHECK(refused.error == invalid_config);
  CAF_CHECK_EQUAL(refused.message, "no");
  node.ports->script({fault::refused});
  CAF_CHECK(change(node, grow_by(0)) == none);  // else it would meet the fault
  CAF_CHECK(change(node, grow_by(1)) == invalid_request);
  CAF_CHECK(change(node, grow_by(1), false, "absent") == unknown_topic_or_partition);
  CAF_CHECK(change(node, grow_by(1), false, "no name") == unknown_topic_or_partition);
  CAF_CHECK(stored(node) == *topic);
  CAF_CHECK(*shown(node) == *topic);
}

CAF_TEST(changes at once are made one after the other) {
  node_fixture node;
  node.create("t");
  std::vector<std::future<msg::change_result>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(change_later(node, grow_by(1)));
  for (auto& a : answers) CAF_CHECK(value_of(std::move(a)).error == none);
  CAF_CHECK_EQUAL(stored(node).partitions, 21);
  CAF_CHECK_EQUAL(shown(node)->partitions, 21);
}

CAF_TEST(an outcome in doubt that can be read is decided) {
  for (auto f : {fault::applied_but_unknown, fault::prefix_but_unknown, fault::lost}) {
    node_fixture node;
    node.create("t");
    node.ports->script({f});
    CAF_CHECK(change(node, grow_by(2)) == none);
    CAF_CHECK_EQUAL(stored(node).partitions, 3);
    CAF_CHECK_EQUAL(shown(node)->partitions, 3);
    CAF_CHECK(is_settled(node));
  }
}

CAF_TEST(an outcome that stays in doubt is an error until what is stored is found out) {
  for (auto f : {fault::prefix_but_unknown, fault::lost}) {
    node_fixture node;
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    node.ports->script({f, f, f, f});
    CAF_CHECK(change(node, set_config("max.message.bytes", "100")) == request_timed_out);
    CAF_CHECK(!is_settled(node));
    CAF_REQUIRE(soon_true([&] { return is_settled(node); }));
    CAF_CHECK(*shown(node) == stored(node));
    const bool is_set = f == fault::prefix_but_unknown;  // it came as far as the topic's entry
    CAF_CHECK_EQUAL(shown(node)->configs.count("max.message.bytes"), is_set ? 1u : 0u);
    CAF_CHECK(node.append(topic, batch_of(1, 20)).error == (is_set ? message_too_large : none));
  }
}

CAF_TEST(a change whose registry died is found out by the next registry) {
  node_fixture node;
  auto topic = node.create("t");
  node.ports->script({fault::held});
  auto answer = change_later(node, grow_by(2));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  caf::anon_send_exit(node.topics, caf::exit_reason::kill);
  CAF_CHECK(value_of(std::move(answer)).error == request_timed_out);
  CAF_CHECK(!is_settled(node));
  node.topics = actors::spawn_topic_registry(*node.system, node.store, {1},
                                             actors::forget_everywhere(node.store, node.registries, node.groups),
                                             actors::tell_partitions(node.registries));
  node.registries->topics.publish(node.topics);
  node.ports->release();  // the dead registry's write comes late
  CAF_REQUIRE(soon_true([&] { return is_settled(node); }));
  CAF_CHECK(*shown(node) == stored(node));
  CAF_CHECK_EQUAL(shown(node)->partitions, 3);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 2).base_offset, 0);
}

CAF_TEST(a topic that is deleted meanwhile does not come back) {
  for (int round = 0; round < 5; ++round) {
    node_fixture node;
    node.create("t");
    std::vector<std::future<msg::change_result>> answers;
    for (int i = 0; i < 5; ++i) answers.push_back(change_later(node, grow_by(1)));
    auto removed = node.ask_later<msg::topic_result>({}, [&](auto answer) {
      caf::anon_send(node.topics, msg::delete_topic{"t", {}, answer});
    });
    for (int i = 0; i < 5; ++i) answers.push_back(change_later(node, grow_by(1)));
    CAF_CHECK(value_of(std::move(removed)).error == none);
    for (auto& a : answers) {
      const auto error = value_of(std::move(a)).error;
      CAF_CHECK(error == none || error == unknown_topic_or_partition);
    }
    CAF_CHECK(shown(node) == nullptr);
    CAF_CHECK(change(node, grow_by(1)) == unknown_topic_or_partition);
    auto next = node.create("t");
    CAF_CHECK_EQUAL(next->partitions, 1);
    CAF_CHECK_EQUAL(shown(node)->partitions, 1);
  }
}
