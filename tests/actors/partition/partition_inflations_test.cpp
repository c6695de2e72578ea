#define CAF_SUITE partition_inflations
// Batches that take long to decompress are checked elsewhere, and nobody else waits for them.
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// Nothing is decompressed elsewhere until it is let go.
struct held_inflater {
  actors::partition_settings settings;
  std::promise<void> go_on;

  held_inflater() {
    settings.tail_bytes = 0;
    hold();
  }
  void hold() {
    go_on = {};
    settings.inflations->run({}, [let_go = go_on.get_future().share()] { let_go.wait(); });
  }
  void let_go() { go_on.set_value(); }
};

/// Some kilobytes that become two megabytes, those of the second record.
shared_bytes large_batch(std::int64_t producer = -1, std::int32_t sequence = -1) {
  auto b = batch_builder::of(2);
  b.records[1].value = std::string(2 << 20, 'b');
  b.codec = kafka::compression::gzip;
  b.header.producer_id = producer;
  b.header.producer_epoch = producer < 0 ? std::int16_t{-1} : std::int16_t{0};
  b.header.base_sequence = sequence;
  return shared_bytes(b.build());
}

template <class T>
bool waits(std::future<T>& answer) {
  return answer.wait_for(100ms) == std::future_status::timeout;
}

}  // namespace

CAF_TEST(a batch that takes long to decompress is checked elsewhere and what comes behind it keeps the order) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t", 2);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  auto large = node.append_to(node.partitions, topic, large_batch(7, 1));
  auto small = node.append_to(node.partitions, topic, batch_of(0, 1, 7, 3));
  CAF_CHECK(waits(large));
  CAF_CHECK(waits(small));
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 1).base_offset, 0);  // another partition
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 1);  // and other requests
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 1);
  const auto last = value_of(std::move(small));
  CAF_CHECK(last.error == none);
  CAF_CHECK_EQUAL(last.base_offset, 3);
  CAF_CHECK_EQUAL(node.append(topic, large_batch(7, 4)).base_offset, 4);
}

CAF_TEST(what is checked elsewhere is refused with its records named) {
  node_fixture node;
  auto b = batch_builder::of(2);
  b.records[1].value = std::string(2 << 20, 'b');
  b.records[1].timestamp_delta = 1'000'000'000'000'000;
  b.codec = kafka::compression::gzip;
  const auto refused = node.append(node.create("t"), shared_bytes(b.build()));
  CAF_CHECK(refused.error == invalid_timestamp);
  CAF_REQUIRE(refused.out_of_range != nullptr);
  CAF_CHECK((refused.out_of_range->records == std::vector<refused_times::record>{{1, 1'000'000'000'001'000}}));
}

CAF_TEST(small ones behind a large one do not wait for those of other partitions) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  auto large = node.append_to(node.partitions, topic, large_batch());
  std::vector<std::future<msg::append_result>> small;
  for (int i = 0; i < 100; ++i) small.push_back(node.append_to(node.partitions, topic, batch_of(i)));
  CAF_CHECK(waits(small.back()));
  std::promise<void> others;
  held.settings.inflations->run({}, [until = others.get_future().share()] { until.wait(); });
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 0);
  for (int i = 0; i < 100; ++i) CAF_CHECK_EQUAL(value_of(std::move(small[i])).base_offset, 2 + i);
  others.set_value();
}

CAF_TEST(no more wait for a check than for a load) {
  held_inflater held;
  held.settings.max_parked = 2;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);  // it is loaded
  const auto refused_before = actors::counted.unparked_partition_requests.value();
  auto large = node.append_to(node.partitions, topic, large_batch());
  auto small = node.append_to(node.partitions, topic, batch_of(1));
  CAF_CHECK(node.append(topic, batch_of(2)).error == not_leader_or_follower);
  CAF_CHECK_EQUAL(actors::counted.unparked_partition_requests.value() - refused_before, 1u);
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(small)).base_offset, 3);
}

CAF_TEST(a refusal is a refusal there too) {
  held_inflater held;
  held.settings.batches.decompression.max_output_bytes = 3 << 19;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  auto large = node.append_to(node.partitions, topic, large_batch());
  CAF_CHECK(waits(large));
  held.let_go();
  CAF_CHECK(value_of(std::move(large)).error == message_too_large);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
}

CAF_TEST(what waits for its check while the log is loaded again is decided behind the load) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
  auto lost = node.append_to(node.partitions, topic, batch_of(1, 1, 8, 0));
  auto large = node.append_to(node.partitions, topic, large_batch(7, 1));
  auto small = node.append_to(node.partitions, topic, batch_of(0, 1, 7, 3));
  CAF_CHECK(value_of(std::move(lost)).error == request_timed_out);
  CAF_CHECK(waits(large));
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(small)).base_offset, 3);
}

CAF_TEST(a clean close decides what waits for its check) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  auto large = node.append_to(node.partitions, topic, large_batch());
  CAF_CHECK(waits(large));
  std::thread closing{[&] { node_fixture::close_cleanly(node.partitions); }};
  CAF_CHECK(waits(large));
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 0);
  closing.join();
}

CAF_TEST(a compressed batch is looked into for a timestamp elsewhere) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  held.let_go();
  CAF_CHECK_EQUAL(node.append(topic, large_batch()).base_offset, 0);
  held.hold();
  CAF_CHECK_EQUAL(node.list(topic, 1000).offset, 0);  // in the first MiB
  auto by_time = node.list_later(topic, 1001);
  auto newest = node.list_later(topic, msg::max_timestamp);
  CAF_CHECK(waits(by_time));
  CAF_CHECK(waits(newest));
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(by_time)).offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(newest)).offset, 1);
}

CAF_TEST(a look that was overtaken by a trim is done again) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  held.let_go();
  CAF_CHECK_EQUAL(node.append(topic, large_batch()).base_offset, 0);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 2)).base_offset, 2);  // of the same times
  held.hold();
  auto by_time = node.list_later(topic, 1001);
  CAF_CHECK(waits(by_time));
  auto trimmed = node.ask_later<msg::trim_result>({not_leader_or_follower, -1}, [&](auto answer) {
    caf::anon_send(node.partitions, msg::trim{topic->name, topic->id, 0, 2, "test", false, answer});
  });
  CAF_CHECK_EQUAL(value_of(std::move(trimmed)).log_start_offset, 2);
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(by_time)).offset, 3);
}

CAF_TEST(clients take turns) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t", 3);
  const auto brings = [&](std::int32_t partition, const std::string& client) {
    auto answer = node.append_to(node.partitions, topic, large_batch(), partition, client);
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp, partition).offset, 0);  // it waits now
    return answer;
  };
  auto first = brings(0, "/10.0.0.1");
  auto second = brings(1, "/10.0.0.1");
  auto other = brings(2, "/10.0.0.2");
  std::promise<void> go_on;
  held.settings.inflations->run("/10.0.0.3", [until = go_on.get_future().share()] { until.wait(); });
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(first)).base_offset, 0);
  CAF_CHECK_EQUAL(value_of(std::move(other)).base_offset, 0);
  CAF_CHECK(waits(second));
  go_on.set_value();
  CAF_CHECK_EQUAL(value_of(std::move(second)).base_offset, 0);
}

CAF_TEST(clients who look for a timestamp take turns) {
  held_inflater held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  held.let_go();
  CAF_CHECK_EQUAL(node.append(topic, large_batch()).base_offset, 0);
  held.hold();
  std::deque<std::future<msg::list_offsets_result>> looks;
  for (const auto* client : {"/10.0.0.1", "/10.0.0.1", "/10.0.0.2"}) {
    looks.push_back(node.list_later(topic, 1001, 0, client));
    CAF_CHECK(waits(looks.back()));
  }
  std::promise<void> go_on;
  held.settings.inflations->run("/10.0.0.3", [until = go_on.get_future().share()] { until.wait(); });
  held.let_go();
  CAF_CHECK_EQUAL(value_of(std::move(looks[0])).offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(looks[2])).offset, 1);
  CAF_CHECK(waits(looks[1]));
  go_on.set_value();
  CAF_CHECK_EQUAL(value_of(std::move(looks[1])).offset, 1);
}

CAF_TEST(what was not begun is let go at the end and what comes later is not kept) {
  actors::inflater all{1};
  std::promise<void> go_on;
  std::promise<void> begun;
  all.run("a", [&begun, until = go_on.get_future().share()] {
    begun.set_value();
    until.wait();
  });
  begun.get_future().wait();
  const auto held = std::make_shared<std::atomic<int>>(0);
  for (const auto* client : {"a", "a", "b"}) all.run(client, [held] { ++*held; });
  auto ended = std::async(std::launch::async, [&] { all.end(); });
  CAF_CHECK(waits(ended));
  go_on.set_value();
  value_of(std::move(ended));
  all.run("a", [held] { ++*held; });
  CAF_CHECK_EQUAL(*held, 0);
  CAF_CHECK_EQUAL(held.use_count(), 1);
}
