#define CAF_SUITE partition_rewind
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

/// Storage loses the newest files of partition 0: `kept` stay. Its entry remembers the records of all but the last.
void lose_files(node_fixture& node, const actors::topic_ptr& topic, std::ptrdiff_t kept) {
  const smq::testing::blocking ports{node.engine->ports()};
  std::vector<smq::mutation> lost;
  for (const auto& e : ports.list(topic->directory_of(0)).value.entries)
    if (!e.chunks.empty()) lost.push_back(smq::testing::erase(e.path));
  CAF_REQUIRE(std::ssize(lost) > kept);
  lost.erase(lost.begin(), lost.begin() + kept);
  lost.push_back(smq::testing::put("/elsewhere", "1"));
  CAF_CHECK(ports.transact({"/elsewhere", std::nullopt}, lost).is_ok());
}

/// Its offset actor ends; the next request starts another, which loads.
void crash(node_fixture& node, const actors::topic_ptr& topic) {
  node.ports->put_throws = 1;
  CAF_CHECK(node.append(topic, batch_of(99)).error == not_leader_or_follower);
  CAF_CHECK(soon_true([&] { return node.list(topic, msg::latest_timestamp).error == none; }));
}

}  // namespace

CAF_TEST(files that vanish under a leader raise its epoch and their offsets are not used again) {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;
  node_fixture node{settings};
  auto topic = node.create("t");
  for (int i = 0; i < 3; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
  const auto nodes = node.store->leader_epoch;
  CAF_CHECK_EQUAL(node.store->leader_epoch_of(topic->id, 0), nodes);

  lose_files(node, topic, 1);
  node.ports->put_throws = 1;
  CAF_CHECK(node.append(topic, batch_of(2)).error == not_leader_or_follower);

  msg::append_result again;
  CAF_CHECK(soon_true([&] { return (again = node.append(topic, batch_of(2))).error == none; }));
  CAF_CHECK_EQUAL(again.base_offset, 2);
  CAF_CHECK_EQUAL(node.store->leader_epoch_of(topic->id, 0), nodes + 1);
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).leader_epoch, nodes + 1);
  CAF_CHECK_EQUAL(node.fetch(topic, 1).batches.size(), 1u);

  node.restart();
  node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer}); });
  CAF_CHECK_EQUAL(node.append(topic, batch_of(3)).base_offset, 3);
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).leader_epoch, nodes + 1);
  CAF_CHECK_EQUAL(node.store->leader_epoch_of(topic->id, 0), nodes + 1);
}

CAF_TEST(the epoch behind a rewind stays although nothing is appended before the next load) {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;
  for (const bool trims : {false, true}) {
    node_fixture node{settings};
    auto topic = node.create("t");
    for (int i = 0; i < 3; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
    const auto raised = node.store->leader_epoch + 1;
    lose_files(node, topic, 1);
    crash(node, topic);
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).leader_epoch, raised);
    if (trims) {  // the gap itself is forgotten
      auto trimmed = node.ask_later<msg::trim_result>({not_leader_or_follower, -1}, [&](auto answer) {
        caf::anon_send(node.partitions, msg::trim{topic->name, topic->id, 0, -1, "test", false, answer});
      });
      CAF_CHECK(value_of(std::move(trimmed)).error == none);
    }
    crash(node, topic);
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).leader_epoch, raised);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(2)).base_offset, 2);
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).leader_epoch, raised);
  }
}
