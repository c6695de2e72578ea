#define CAF_SUITE topic_limits
// How many partitions there may be, how fast one address may make more, and which names new topics may have.
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// A registry with these limits takes over.
void limit(node_fixture& node, std::int64_t most, double per_second) {
  caf::anon_send_exit(node.topics, caf::exit_reason::kill);
  node.topics = actors::spawn_topic_registry(*node.system, node.store, {1, most, per_second},
                                             actors::forget_everywhere(node.store, node.registries, node.groups),
                                             actors::tell_partitions(node.registries));
  node.registries->topics.publish(node.topics);
}

std::future<msg::topic_result> create_later(node_fixture& node, const std::string& name, std::int32_t partitions,
                                            msg::partition_maker from = {"a"}) {
  return node.ask_later<msg::topic_result>({}, [&](auto answer) {
    caf::anon_send(node.topics, msg::create_topic{name, partitions, {}, answer, std::move(from)});
  });
}

msg::topic_result create(node_fixture& node, const std::string& name, std::int32_t partitions,
                         msg::partition_maker from = {"a"}) {
  return value_of(create_later(node, name, partitions, std::move(from)));
}

error_code find_or_create(node_fixture& node, const std::string& name) {
  return node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{name, {}, true, answer, {"a"}}); })
    .error;
}

error_code remove(node_fixture& node, const std::string& name) {
  return node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::delete_topic{name, {}, answer}); }).error;
}

msg::change_result grow(node_fixture& node, const std::string& name, std::int32_t more,
                        msg::partition_maker from = {"a"}) {
  auto decide = [more](const smq::topic_info& now) {
    msg::topic_change change{none, {}, now};
    change.after.partitions += more;
    return change;
  };
  return value_of(node.ask_later<msg::change_result>({}, [&](auto answer) {
    caf::anon_send(node.topics, msg::change_topic{name, decide, false, answer, std::move(from)});
  }));
}

constexpr double any_speed = 1e6;

}  // namespace

CAF_TEST(no topic is made or grows beyond the limit of the node) {
  node_fixture node;
  limit(node, 5, any_speed);
  const auto before = actors::counted.refused_by_partitions.value();
  CAF_CHECK(create(node, "t", 3).error == none);
  CAF_CHECK(create(node, "u", 3).error == policy_violation);
  CAF_CHECK(create(node, "u", 2).error == none);
  CAF_CHECK(find_or_create(node, "v") == policy_violation);
  CAF_CHECK(grow(node, "t", 1).error == policy_violation);
  CAF_CHECK(create(node, "t", 3).error == topic_already_exists);
  CAF_CHECK_EQUAL(actors::counted.refused_by_partitions.value() - before, 3u);
  CAF_CHECK(remove(node, "u") == none);
  CAF_CHECK(grow(node, "t", 1).error == none);
  CAF_CHECK(find_or_create(node, "v") == none);
  CAF_CHECK(find_or_create(node, "w") == policy_violation);
}

CAF_TEST(topics of an earlier life count from the first creation on) {
  node_fixture node;
  CAF_CHECK(create(node, "t", 3).error == none);
  node.restart();
  limit(node, 4, any_speed);
  CAF_CHECK(!node.store->topics.current()->complete);
  CAF_CHECK(create(node, "u", 2).error == policy_violation);
  node.restart();
  limit(node, 4, any_speed);
  CAF_CHECK(grow(node, "t", 2).error == policy_violation);
  CAF_CHECK(grow(node, "t", 1).error == none);
}

CAF_TEST(who cannot be counted is not made) {
  node_fixture node;
  node.restart();
  limit(node, 5, any_speed);
  node.ports->reads_fail = 1;
  CAF_CHECK(create(node, "t", 1).error == leader_not_available);
  CAF_CHECK(create(node, "t", 1).error == none);
}

CAF_TEST(one list of all topics serves everybody who waits for it) {
  node_fixture node;
  for (int i = 0; i < 3; ++i) CAF_CHECK(create(node, "old" + std::to_string(i), 1).error == none);
  node.restart();
  limit(node, 100, any_speed);
  CAF_CHECK(!node.store->topics.current()->complete);
  const auto before = node.ports->lists.load();
  std::vector<std::future<msg::topic_result>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(create_later(node, "t" + std::to_string(i), 1));
  for (auto& answer : answers) CAF_CHECK(value_of(std::move(answer)).error == none);
  CAF_CHECK(node.ports->lists.load() - before < 10);
}

CAF_TEST(creations at the same time do not pass the limit together) {
  node_fixture node;
  limit(node, 5, any_speed);
  std::vector<std::future<msg::topic_result>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(create_later(node, "t" + std::to_string(i), 1));
  int made = 0;
  for (auto& answer : answers) made += value_of(std::move(answer)).error == none ? 1 : 0;
  CAF_CHECK_EQUAL(made, 5);
  CAF_CHECK(create(node, "u", 1).error == policy_violation);
}

CAF_TEST(a creation that is refused by the store gives its partitions back) {
  node_fixture node;
  limit(node, 5, any_speed);
  CAF_CHECK(create(node, "first", 1).error == none);
  for (int i = 0; i < 5; ++i) {
    node.ports->script({fault::refused});
    CAF_CHECK(create(node, "t", 4).error == request_timed_out);
  }
  CAF_CHECK(create(node, "t", 4).error == none);
}

CAF_TEST(an address that makes partitions too fast is told or waits) {
  node_fixture node;
  limit(node, 1'000'000, 1);
  const auto before = actors::counted.refused_by_new_partitions.value();
  CAF_CHECK(create(node, "all", 10).error == none);  // the credit of ten seconds
  const auto told = create(node, "t", 1);
  CAF_CHECK(told.error == throttling_quota_exceeded);
  CAF_CHECK(told.throttle_ms > 0 && told.throttle_ms <= 1000);
  CAF_CHECK(create(node, "t", 1, {"b"}).error == none);
  CAF_CHECK(create(node, "all", 10).error == topic_already_exists);
  CAF_CHECK(create(node, "waits", 5, {"a", false}).error == none);  // for a second
  const auto grown = grow(node, "t", 1);
  CAF_CHECK(grown.error == throttling_quota_exceeded);
  CAF_CHECK(grown.throttle_ms > 4000 && grown.throttle_ms <= 5000);
  CAF_CHECK(grow(node, "t", 1, {"b"}).error == none);
  CAF_CHECK(create(node, "b-all", 20, {"b"}).error == none);
  const auto too_long = create(node, "too-long", 1, {"b", false});
  CAF_CHECK(too_long.error == request_timed_out);
  CAF_CHECK(too_long.throttle_ms > 9'000);
  CAF_CHECK(find_or_create(node, "auto") == throttling_quota_exceeded);
  CAF_CHECK_EQUAL(actors::counted.refused_by_new_partitions.value() - before, 5u);
}

CAF_TEST(no topic is made whose name is another one in metrics) {
  node_fixture node;
  CAF_CHECK(create(node, "a.b_c", 1).error == none);
  const auto refused = create(node, "a_b.c", 1);
  CAF_CHECK(refused.error == invalid_topic_exception);
  CAF_CHECK_EQUAL(refused.similar, "a.b_c");
  CAF_CHECK(find_or_create(node, "a.b.c") == invalid_topic_exception);
  CAF_CHECK(create(node, "a.b_c", 1).error == topic_already_exists);
  for (const auto* other : {"a-b-c", "a.b_c.", "a.b", "abc", "A.b_c"}) CAF_CHECK(create(node, other, 1).error == none);
  limit(node, 100, any_speed);  // another registry, of the same node
  CAF_CHECK(create(node, "a_b_c", 1).error == invalid_topic_exception);
  node.restart();
  CAF_CHECK(!node.store->topics.current()->complete);
  CAF_CHECK(find_or_create(node, "a_b_c") == invalid_topic_exception);
  CAF_CHECK(remove(node, "a.b_c") == none);
  CAF_CHECK(find_or_create(node, "a_b_c") == none);
  CAF_CHECK(create(node, "a.b_c", 1).error == invalid_topic_exception);
}

CAF_TEST(of names that are one in metrics the first gets its topic) {
  node_fixture node;
  limit(node, 100, any_speed);
  auto first = create_later(node, "a.b", 1);
  auto again = create_later(node, "a.b", 1);
  auto other = create_later(node, "a_b", 1);
  const auto made = {value_of(std::move(first)).error, value_of(std::move(again)).error};
  CAF_CHECK(std::ranges::count(made, none) == 1 && std::ranges::count(made, topic_already_exists) == 1);
  CAF_CHECK(value_of(std::move(other)).error == invalid_topic_exception);
  node.ports->script({fault::refused});
  CAF_CHECK(create(node, "c.d", 1).error == request_timed_out);
  CAF_CHECK(create(node, "c_d", 1).error == none);
}
