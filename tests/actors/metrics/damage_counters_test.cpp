#define CAF_SUITE damage_counters
// Damage is what a read says of what it found, however topics and directories are called.
#include "actors/metrics/counters.hpp"
#include "smq/names.hpp"
#include "tests/actors/group/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace tidegate;
using namespace tidegate::test;
using actors::counted;
using enum error_code;

namespace {

constexpr const char* path_with_the_word = "cannot read /damaged-disk/volumes/0000000001";

/// Changes a byte of the volume that has `text`.
void break_in_volume(const std::string& data_dir, const std::string& text) {
  for (const auto& volume : std::filesystem::directory_iterator(data_dir + "/volumes")) {
    std::fstream file{volume.path(), std::ios::in | std::ios::out | std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    const auto at = bytes.find(text);
    if (at == std::string::npos) continue;
    file.seekp(static_cast<std::streamoff>(at)).put('!');
    return;
  }
  CAF_FAIL("no volume has " << text);
}

void change(node_fixture& node, smq::mutation what) {
  const std::string guard = "/d/guard" + what.target.path;
  const smq::testing::blocking calls{node.engine->ports()};
  const std::vector<smq::mutation> both{std::move(what), smq::testing::put(guard, "changed")};
  CAF_REQUIRE(calls.transact({guard, std::nullopt}, both).is_ok());
}

error_code find(node_fixture& node, const std::string& name) {
  return node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{name, {}, false, answer}); })
    .error;
}

}  // namespace

CAF_TEST(a chunk with other bytes is damage and a read of it that fails is none) {
  actors::partition_settings settings;
  settings.tail_bytes = 0;
  node_fixture node(settings);
  const auto topic = node.create("damaged");
  CAF_CHECK(node.append(topic, batch_of(123'456)).error == none);
  const auto damaged = counted.damaged_records.value();
  const auto failed = counted.failed_reads.value();
  node.ports->why_reads_fail = path_with_the_word;
  node.ports->reads_fail = 1;
  CAF_CHECK(node.fetch(topic, 0).error == kafka_storage_error);
  CAF_CHECK_EQUAL(counted.failed_reads.value(), failed + 1);
  CAF_CHECK_EQUAL(counted.damaged_records.value(), damaged);
  break_in_volume(node.directory.path(), "<123456>");
  CAF_CHECK(node.fetch(topic, 0).error == kafka_storage_error);
  CAF_CHECK_EQUAL(counted.failed_reads.value(), failed + 1);
  CAF_CHECK_EQUAL(counted.damaged_records.value(), damaged + 1);
}

CAF_TEST(a topic entry of other bytes is damage and one that is missing is a failed read) {
  node_fixture node;
  node.create("damaged");
  node.create("u");
  change(node, smq::testing::erase(smq::topic_entry_path("damaged")));
  change(node, smq::testing::put(smq::topic_entry_path("u"), "garbage"));
  node.restart();
  const auto damaged = counted.damaged_topics.value();
  const auto failed = counted.failed_topic_reads.value();
  CAF_CHECK(find(node, "damaged") == leader_not_available);
  CAF_CHECK_EQUAL(counted.failed_topic_reads.value(), failed + 1);
  CAF_CHECK_EQUAL(counted.damaged_topics.value(), damaged);
  CAF_CHECK(find(node, "u") == leader_not_available);
  CAF_CHECK_EQUAL(counted.failed_topic_reads.value(), failed + 1);
  CAF_CHECK_EQUAL(counted.damaged_topics.value(), damaged + 1);
}

CAF_TEST(a partition entry of other bytes is damage and a list that fails is none) {
  node_fixture node;
  const auto topic = node.create("damaged");
  const auto damaged = counted.damaged_partitions.value();
  const auto failed = counted.failed_partition_loads.value();
  node.ports->why_reads_fail = path_with_the_word;
  node.ports->reads_fail = 1;
  CAF_CHECK(node.fetch(topic, 0).error == kafka_storage_error);
  CAF_CHECK(counted.failed_partition_loads.value() > failed);
  CAF_CHECK_EQUAL(counted.damaged_partitions.value(), damaged);
  node.ports->reads_fail = 0;
  change(node, smq::testing::put(smq::partition_entry_path(topic->directory_of(0)), "garbage"));
  node.restart();
  const auto same = node.find("damaged");
  CAF_CHECK(node.fetch(same, 0).error == kafka_storage_error);
  CAF_CHECK(counted.damaged_partitions.value() > damaged);
}

CAF_TEST(a group entry of other bytes is damage and a store that is away is none) {
  groups_fixture f;
  CAF_CHECK(f.commit("damaged", 5) == none);
  f.restart();
  const auto damaged = counted.damaged_groups.value();
  f.node.ports->is_away = true;
  CAF_CHECK_EQUAL(f.position("damaged"), -2);
  f.node.ports->is_away = false;
  CAF_CHECK_EQUAL(counted.damaged_groups.value(), damaged);
  f.stop();
  change(f.node, smq::testing::put(smq::group_entry_path("damaged"), "garbage"));
  f.start();
  CAF_CHECK_EQUAL(f.position("damaged"), -2);
  CAF_CHECK(counted.damaged_groups.value() > damaged);
}
