#define CAF_SUITE partition_actors
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

CAF_TEST(what is stored is fetched and listed and is the same after a restart) {
  actors::partition_settings settings;
  settings.tail_bytes = 300;  // most reads go to the store
  node_fixture node(settings);
  auto topic = node.create("t", 2);
  int next = 0;
  for (int i = 0; i < 20; ++i) {
    const auto count = 1 + i % 3;
    auto result = node.append(topic, batch_of(next, count));
    CAF_CHECK(result.error == none);
    CAF_CHECK_EQUAL(result.base_offset, next);
    CAF_CHECK_EQUAL(result.log_start_offset, 0);
    next += count;
  }
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 1).base_offset, 0);
  auto check = [&] {
    CAF_CHECK(node.read_all(topic) == numbers(next));
    CAF_CHECK(node.read_all(topic, 1) == numbers(1));
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, next);
    CAF_CHECK_EQUAL(node.list(topic, msg::earliest_timestamp).offset, 0);
    CAF_CHECK_EQUAL(node.list(topic, 1000).offset, 0);
    CAF_CHECK_EQUAL(node.list(topic, 1001).offset, 2);  // the second batch has two records, 1 ms apart
    CAF_CHECK_EQUAL(node.list(topic, 5000).offset, -1);
    CAF_CHECK(node.list(topic, 5000).error == none);
    CAF_CHECK(node.fetch(topic, next).batches.empty());
    CAF_CHECK(node.fetch(topic, next + 1).error == offset_out_of_range);
  };
  check();
  const auto before = node.fetch(topic, 0, 1 << 20).batches;
  for (int i = 0; i < 2; ++i) {
    node.restart();
    auto found = node.ask_topic([&](auto answer) {
      caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer});
    });
    CAF_REQUIRE(found.topic != nullptr);
    CAF_CHECK(*found.topic == *topic);
    check();
    CAF_CHECK(node.fetch(topic, 0, 1 << 20).batches == before);
  }
  CAF_CHECK_EQUAL(node.append(topic, batch_of(next)).base_offset, next);
}

CAF_TEST(duplicates and gaps of a producer are told apart across restarts) {
  node_fixture node;
  auto topic = node.create("t");
  auto find = [&] {
    return node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer}); });
  };
  for (int i = 0; i < 4; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, 7, i)).base_offset, i);
  for (int life = 0; life < 3; ++life) {
    const auto end = 4 + life;
    auto again = node.append(topic, batch_of(end - 1, 1, 7, end - 1));
    CAF_CHECK(again.error == none);
    CAF_CHECK_EQUAL(again.base_offset, end - 1);
    CAF_CHECK(node.append(topic, batch_of(99, 1, 7, end + 1)).error == out_of_order_sequence_number);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(end, 1, 7, end)).base_offset, end);
    node.restart();
    CAF_REQUIRE(find().topic != nullptr);
  }
  CAF_CHECK(node.append(topic, batch_of(99, 1, 7, 0, 1)).error == none);  // a new epoch begins at 0
  CAF_CHECK(node.append(topic, batch_of(99, 1, 7, 7, 0)).error == invalid_producer_epoch);
  auto all = numbers(7);
  all.push_back(99);
  CAF_CHECK(node.read_all(topic) == all);
}

CAF_TEST(a retry that comes while the first copy is undecided gets the same answer) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  node.ports->script({fault::held});
  auto first = node.append_to(node.partitions, topic, batch_of(1, 1, 7, 1));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  auto second = node.append_to(node.partitions, topic, batch_of(1, 1, 7, 1));
  CAF_CHECK(second.wait_for(50ms) == std::future_status::timeout);
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(first)).base_offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(second)).base_offset, 1);
  CAF_CHECK(node.read_all(topic) == numbers(2));
}

CAF_TEST(a damaged batch or an unknown partition is refused and changes nothing) {
  node_fixture node;
  auto topic = node.create("t");
  auto damaged = batch_of(0);
  damaged.writable()[damaged.size() - 1] ^= std::byte{1};
  CAF_CHECK(node.append(topic, damaged).error == corrupt_message);
  CAF_CHECK(node.append(topic, batch_of(0), 1).error == not_leader_or_follower);
  CAF_CHECK(node.append(topic, batch_of(0), -1).error == not_leader_or_follower);
  CAF_CHECK(node.read_all(topic).empty());
}

CAF_TEST(a wait wakes exactly when the high watermark passes) {
  node_fixture node;
  auto topic = node.create("t");
  auto interest = std::make_shared<int>(1);
  auto at_0 = node.wait_above(topic, 0, interest);
  auto at_1 = node.wait_above(topic, 1, interest);
  CAF_CHECK(at_0.wait_for(50ms) == std::future_status::timeout);
  node.ports->script({fault::held});
  auto append = node.append_to(node.partitions, topic, batch_of(0));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  CAF_CHECK(at_0.wait_for(50ms) == std::future_status::timeout);  // not stored yet
  node.ports->release();
  CAF_CHECK(value_of(std::move(at_0)));
  CAF_CHECK(value_of(std::move(append)).error == none);
  CAF_CHECK(at_1.wait_for(50ms) == std::future_status::timeout);
  CAF_CHECK(value_of(node.wait_above(topic, 0, interest)));  // passed already
  CAF_CHECK(node.append(topic, batch_of(1)).error == none);
  CAF_CHECK(value_of(std::move(at_1)));
}

CAF_TEST(waits that nobody is interested in are dropped) {
  node_fixture node;
  auto topic = node.create("t");
  auto kept = std::make_shared<int>(1);
  auto waits = node.wait_above(topic, 0, kept);
  std::atomic<int> dropped{0};
  for (int i = 0; i < 1000; ++i)
    caf::anon_send(node.partitions,
                   msg::fetch_wait{"t", topic->id, 0, 0, {false, [&](bool) { ++dropped; }}, std::make_shared<int>(1)});
  CAF_CHECK(soon_true([&] { return dropped > 900; }));
  CAF_CHECK(waits.wait_for(0ms) == std::future_status::timeout);
  CAF_CHECK(node.append(topic, batch_of(0)).error == none);
  CAF_CHECK(value_of(std::move(waits)));
  CAF_CHECK(soon_true([&] { return dropped == 1000; }));
}

CAF_TEST(producer state survives rolled segments) {
  node_fixture node;
  auto topic = node.create("t");
  // More chunks than one segment may list.
  for (int i = 0; i < 150; ++i) CAF_REQUIRE_EQUAL(node.append(topic, batch_of(i, 1, i % 3, i / 3)).base_offset, i);
  node.restart();
  CAF_REQUIRE(node.ask_topic([&](auto answer) {
    caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer});
  }).topic != nullptr);
  for (int i = 147; i < 150; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, i % 3, i / 3)).base_offset, i);
  for (int i = 150; i < 153; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, i % 3, i / 3)).base_offset, i);
  CAF_CHECK(node.read_all(topic) == numbers(153));
}
