#define CAF_SUITE partition_turns
// Batches that are long to decompress come one after the other, and nobody else waits for them.
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

struct held_turn {
  actors::partition_settings settings;
  actors::turn_queue::turn turn;

  held_turn() {
    settings.tail_bytes = 0;
    settings.inflations->ask([&](actors::turn_queue::turn given) { turn = std::move(given); });
  }
};

/// Some kilobytes that become two megabytes.
shared_bytes large_batch(std::int64_t producer = -1, std::int32_t sequence = -1) {
  auto b = batch_builder::of(2, 1 << 20);
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

CAF_TEST(a batch that is long to decompress waits for its turn and what comes behind it keeps the order) {
  held_turn held;
  node_fixture node{held.settings};
  const auto topic = node.create("t", 2);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  auto large = node.append_to(node.partitions, topic, large_batch(7, 1));
  auto small = node.append_to(node.partitions, topic, batch_of(0, 1, 7, 3));
  CAF_CHECK(waits(large));
  CAF_CHECK(waits(small));
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 1).base_offset, 0);  // another partition
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 1);  // and other requests
  held.turn.reset();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 1);
  const auto last = value_of(std::move(small));
  CAF_CHECK(last.error == none);
  CAF_CHECK_EQUAL(last.base_offset, 3);
  CAF_CHECK_EQUAL(node.append(topic, large_batch(7, 4)).base_offset, 4);
}

CAF_TEST(a refusal is a refusal behind the turn too) {
  held_turn held;
  held.settings.batches.decompression.max_output_bytes = 3 << 19;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  auto large = node.append_to(node.partitions, topic, large_batch());
  CAF_CHECK(waits(large));
  held.turn.reset();
  CAF_CHECK(value_of(std::move(large)).error == message_too_large);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
}

CAF_TEST(what waits for a turn while the log is loaded again is decided behind the load) {
  held_turn held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
  auto lost = node.append_to(node.partitions, topic, batch_of(1, 1, 8, 0));
  auto large = node.append_to(node.partitions, topic, large_batch(7, 1));
  auto small = node.append_to(node.partitions, topic, batch_of(0, 1, 7, 3));
  CAF_CHECK(value_of(std::move(lost)).error == request_timed_out);
  CAF_CHECK(waits(large));
  held.turn.reset();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(small)).base_offset, 3);
}

CAF_TEST(a clean close decides what waits for a turn) {
  held_turn held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  auto large = node.append_to(node.partitions, topic, large_batch());
  CAF_CHECK(waits(large));
  std::thread closing{[&] { node_fixture::close_cleanly(node.partitions); }};
  CAF_CHECK(waits(large));
  held.turn.reset();
  CAF_CHECK_EQUAL(value_of(std::move(large)).base_offset, 0);
  closing.join();
}

CAF_TEST(a look for a timestamp in a compressed batch waits for its turn) {
  held_turn held;
  node_fixture node{held.settings};
  const auto topic = node.create("t");
  held.turn.reset();
  CAF_CHECK_EQUAL(node.append(topic, large_batch()).base_offset, 0);
  held.settings.inflations->ask([&](actors::turn_queue::turn given) { held.turn = std::move(given); });
  auto by_time = node.list_later(topic, 1001);
  auto newest = node.list_later(topic, msg::max_timestamp);
  CAF_CHECK(waits(by_time));
  CAF_CHECK(waits(newest));
  held.turn.reset();
  CAF_CHECK_EQUAL(value_of(std::move(by_time)).offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(newest)).offset, 1);
}
