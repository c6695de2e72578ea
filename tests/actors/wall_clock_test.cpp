#define CAF_SUITE wall_clock
// Partitions while somebody puts the wall clock forward and back; for retention see retention_sweeper_test.cpp.
#include "tests/actors/captured_log.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

constexpr auto hundred_days = 100 * 24h;

error_code delete_records(node_fixture& node, const actors::topic_ptr& topic, std::int64_t offset) {
  return value_of(node_fixture::ask_later<msg::trim_result>({not_leader_or_follower, -1}, [&](auto answer) {
           caf::anon_send(node.partitions, msg::trim{topic->name, topic->id, 0, offset, "test", false, answer});
         }))
    .error;
}

std::int64_t stored_time(node_fixture& node, const actors::topic_ptr& topic, std::int64_t offset) {
  const auto read = node.fetch(topic, offset);
  CAF_REQUIRE(!read.batches.empty());
  return kafka::read_batch_header(read.batches.front().view())->max_timestamp;
}

}  // namespace

CAF_TEST(LogAppendTime is what the clock says behind a log that is ahead of it) {
  const captured_log log{"warn"};
  node_fixture node({}, hundred_days);
  auto topic = node.create("t", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto began_ms = actors::wall_ms();
  const auto ahead_ms = node.append(topic, batch_of(0)).log_append_time_ms - began_ms;
  CAF_CHECK(ahead_ms >= std::chrono::milliseconds{hundred_days}.count());
  CAF_CHECK_EQUAL(log.lines_with("the clock is behind the log"), 0u);
  node.put_clock_ahead(0h);
  const auto stored = node.append(topic, batch_of(1, 1, 7, 0));
  CAF_CHECK_EQUAL(stored.base_offset, 1);
  CAF_CHECK(stored.log_append_time_ms >= began_ms && stored.log_append_time_ms <= actors::wall_ms());
  CAF_CHECK_EQUAL(node.append(topic, batch_of(2)).base_offset, 2);
  CAF_CHECK_EQUAL(log.lines_with("the clock is behind the log\" topic=t partition=0 seconds=86"), 1u);
  for (const bool after_restart : {false, true}) {
    if (after_restart) {
      node.restart();
      node.find("t");
    }
    const auto again = node.append(topic, batch_of(1, 1, 7, 0));
    CAF_CHECK_EQUAL(again.base_offset, 1);
    CAF_CHECK_EQUAL(again.log_append_time_ms, stored.log_append_time_ms);
    CAF_CHECK_EQUAL(stored_time(node, topic, 1), stored.log_append_time_ms);
    CAF_CHECK_EQUAL(node.list(topic, msg::max_timestamp).offset, 0);
    CAF_CHECK_EQUAL(node.list(topic, stored.log_append_time_ms).offset, 0);
    CAF_CHECK(node.read_all(topic) == numbers(3));
  }
}

CAF_TEST(a retry is known after a clock that was behind was put right) {
  for (const bool began_behind : {true, false}) {
    actors::partition_settings settings;
    settings.retries_within = 1ms;  // so that the start of the node is long ago
    node_fixture node(settings, began_behind ? -hundred_days : 0h);
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    node.put_clock_ahead(-hundred_days);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 0)).base_offset, 1);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(2, 1, 8, 0)).base_offset, 2);
    node.put_clock_ahead(0h);
    CAF_CHECK(delete_records(node, topic, 2) == none);  // writes a snapshot of the producers
    CAF_CHECK_EQUAL(node.append(topic, batch_of(2, 1, 8, 0)).base_offset, 2);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 0)).base_offset, 1);
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 3);
  }
}

CAF_TEST(the next process knows a retry after a clock that was behind was put right) {
  for (const bool clean : {true, false}) {
    node_fixture node({}, -hundred_days);
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
    node.put_clock_ahead(0h);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 8, 0)).base_offset, 1);
    clean ? node.restart_cleanly() : node.restart();
    node.find("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 8, 0)).base_offset, 1);
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 2);
  }
}
