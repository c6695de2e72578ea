#define CAF_SUITE retention_sweeper
// Old records go, what a group has not read stays, and partitions that need nothing are left alone.
#include "actors/partition/retention_sweeper.hpp"

#include "actors/metrics/counters.hpp"
#include "smq/entry_path.hpp"
#include "smq/names.hpp"
#include "smq/positions/position_json.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/actors/captured_log.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

using configs = std::map<std::string, std::string>;

actors::partition_settings small_files() {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;
  settings.merges.min_sources = 1000;
  return settings;
}

/// A node's partitions and its sweeper, which hardly ever rests.
struct swept_node {
  node_fixture node{small_files()};
  actors::retention_sweeper_actor sweeper;

  ~swept_node() { stop(); }

  void sweep(actors::retention_settings settings = {}) {
    settings.check_interval = 10ms;
    settings.pause = 1ms;
    sweeper = actors::spawn_retention_sweeper(*node.system, node.store, node.registries, settings);
  }

  void stop() {
    if (sweeper) caf::anon_send_exit(sweeper, caf::exit_reason::user_shutdown);
    sweeper = nullptr;
  }

  void restart() {
    stop();
    node.restart();
  }

  /// Ten records of the year 1970, each in a file of its own.
  actors::topic_ptr old_records(const std::string& name, const configs& wanted) {
    auto topic = node.create(name, 1, wanted);
    for (int i = 0; i < 10; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
    return topic;
  }

  std::int64_t start_of(const actors::topic_ptr& topic) {
    return node.list(topic, msg::earliest_timestamp).offset;
  }

  bool starts_at(const actors::topic_ptr& topic, std::int64_t offset) {
    return soon_true([&] { return start_of(topic) == offset; });
  }

  void write(const smq::mutation& m) {
    const smq::testing::blocking port{node.engine->ports()};
    const auto before = port.get("/scratch");
    const auto expected = before.is_ok() ? std::optional{before.value.content} : std::nullopt;
    CAF_REQUIRE(port.transact({"/scratch", expected}, {m, smq::testing::put("/scratch", std::to_string(++writes_))}).is_ok());
  }

  void commit(const actors::topic_ptr& topic, const std::string& group, std::int64_t offset) {
    committed_offset position;
    position.offset = offset;
    write(*smq::make_position_mutation({topic->id, topic->directory_of(0)}, group, position, 1, {}));
  }

  /// Sweeps go on until one that begins now has looked at everything: a topic behind it is trimmed.
  void sweep_once_more() {
    const auto topic = node.create("z" + std::to_string(++probes_), 1, {{"retention.ms", "1000"}});
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    CAF_CHECK(starts_at(topic, 1));
  }

  std::size_t files(const actors::topic_ptr& topic) {
    const smq::testing::blocking port{node.engine->ports()};
    const auto all = port.list(topic->directory_of(0), "", 1000, false).value.entries;
    return static_cast<std::size_t>(std::ranges::count_if(
      all, [](const smq::entry& e) { return smq::parse_segment_name(smq::name_of(e.path)).has_value(); }));
  }

 private:
  int writes_ = 0;
  int probes_ = 0;
};

shared_bytes fresh_batch() {
  batch_builder b;
  b.header.base_timestamp = actors::wall_ms();
  return shared_bytes(b.build());
}

}  // namespace

CAF_TEST(old records go and others stay) {
  swept_node n;
  const auto old = n.old_records("old", {{"retention.ms", "86400000"}});
  const auto kept = n.old_records("kept", {});
  const auto compacted = n.old_records("compacted", {{"retention.ms", "1"}, {"cleanup.policy", "compact"}});
  const auto mixed = n.old_records("mixed", {{"retention.ms", "86400000"}});
  CAF_CHECK_EQUAL(n.node.append(mixed, fresh_batch()).base_offset, 10);
  n.sweep();
  CAF_CHECK(n.starts_at(old, 10));  // also what the newest file holds
  CAF_CHECK(n.starts_at(mixed, 10));
  CAF_CHECK_EQUAL(n.files(old), 1u);
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(kept), 0);
  CAF_CHECK_EQUAL(n.start_of(compacted), 0);
  CAF_CHECK_EQUAL(n.start_of(mixed), 10);
  n.restart();
  CAF_CHECK_EQUAL(n.start_of(n.node.find("old")), 10);
  CAF_CHECK_EQUAL(n.node.append(n.node.find("old"), fresh_batch()).base_offset, 10);
}

CAF_TEST(the oldest go while the rest is large enough) {
  swept_node n;
  const auto topic = n.old_records("t", {{"retention.bytes", "1"}});
  n.sweep();
  CAF_CHECK(n.starts_at(topic, 9));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(topic), 9);
  for (int i = 10; i < 13; ++i) CAF_CHECK_EQUAL(n.node.append(topic, batch_of(i)).base_offset, i);
  CAF_CHECK(n.starts_at(topic, 12));
}

CAF_TEST(topics that do not say follow the node at once) {
  swept_node n;
  const auto silent = n.old_records("silent", {});
  const auto other_limit = n.old_records("other-limit", {{"retention.bytes", "1000000"}});
  const auto kept = n.old_records("kept", {{"retention.ms", "-1"}});
  const auto without_policy = n.old_records("without-policy", {{"cleanup.policy", ""}});
  const actors::retention_settings node;  // what the sweeper gets is the same
  n.sweep(node);
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(silent), 0);
  node.retention_ms.set(86'400'000);
  CAF_CHECK(n.starts_at(silent, 10));
  CAF_CHECK(n.starts_at(other_limit, 10));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(kept), 0);
  CAF_CHECK_EQUAL(n.start_of(without_policy), 0);
  node.retention_ms.set(-1);
  for (int i = 10; i < 13; ++i) CAF_CHECK_EQUAL(n.node.append(silent, batch_of(i)).base_offset, i);
  CAF_CHECK(n.starts_at(n.old_records("before-it", {{"retention.ms", "1000"}}), 10));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(silent), 10);
}

CAF_TEST(the node limits the size of topics that do not say) {
  swept_node n;
  const auto silent = n.old_records("silent", {{"retention.ms", "-1"}});
  const auto larger = n.old_records("larger", {{"retention.bytes", "1000000"}});
  const auto kept = n.old_records("kept", {{"retention.bytes", "-1"}});
  const actors::retention_settings node;
  node.retention_bytes.set(1);
  n.sweep(node);
  CAF_CHECK(n.starts_at(silent, 9));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(silent), 9);
  CAF_CHECK_EQUAL(n.start_of(larger), 0);
  CAF_CHECK_EQUAL(n.start_of(kept), 0);
}

CAF_TEST(what a group has not read stays by the limit of the node too) {
  swept_node n;
  const auto held = n.old_records("held", {{"retention.protect.max.ms", "-1"}});
  const auto open = n.old_records("open", {{"retention.protect.groups", "false"}});
  for (const auto& t : {held, open}) n.commit(t, "away", 4);
  const actors::retention_settings node;
  node.retention_ms.set(1000);
  n.sweep(node);
  CAF_CHECK(n.starts_at(held, 4));
  CAF_CHECK(n.starts_at(open, 10));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(held), 4);
}

CAF_TEST(partitions that did not grow are not listed again and those that did are) {
  swept_node n;
  const auto topic = n.old_records("t", {{"retention.bytes", "100000"}});
  n.node.create("never-used", 3, {{"retention.bytes", "0"}});
  n.sweep();
  const auto& entries_read = n.node.ports->many_reads;
  CAF_REQUIRE(soon_true([&] { return entries_read > 5; }));
  const auto lists = n.node.ports->lists.load();
  CAF_REQUIRE(soon_true([&] { return entries_read > 20; }));
  CAF_CHECK_EQUAL(n.node.ports->lists.load(), lists);
  for (int i = 0; i < 10; ++i) CAF_CHECK(n.node.append(topic, batch_of(0, 2000)).error == none);
  CAF_CHECK(soon_true([&] { return n.start_of(topic) > 10; }));
  CAF_CHECK(n.files(topic) >= 3u);
}

CAF_TEST(what a group has not read stays until it commits or the topic gives it up) {
  swept_node n;
  const auto held = n.old_records("held", {{"retention.ms", "1000"}, {"retention.protect.max.ms", "-1"}});
  const auto given_up = n.old_records("given-up", {{"retention.ms", "1000"}, {"retention.protect.max.ms", "86400000"}});
  const auto open = n.old_records("open", {{"retention.ms", "1000"}, {"retention.protect.groups", "false"}});
  for (const auto& t : {held, given_up, open}) n.commit(t, "away", 4);
  n.commit(held, "ahead", 7);
  actors::retention_settings for_ever;
  for_ever.protect_max_ms = -1;
  n.sweep(for_ever);
  CAF_CHECK(n.starts_at(held, 4));
  CAF_CHECK(n.starts_at(given_up, 10));
  CAF_CHECK(n.starts_at(open, 10));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(held), 4);
  n.commit(held, "away", 9);
  CAF_CHECK(n.starts_at(held, 7));
}

CAF_TEST(positions of native subscribers hold too and what cannot be read holds everything) {
  swept_node n;
  const configs wanted{{"retention.ms", "1000"}, {"retention.protect.max.ms", "-1"}};
  const auto native = n.old_records("native", wanted);
  const auto damaged = n.old_records("damaged", wanted);
  const auto unread = n.old_records("unread", wanted);
  const auto value = n.node.store->hints.value_of(native->id, 0, 6) - 1;  // of the message that ends at 6
  n.write(smq::testing::put(native->directory_of(0) + "/consumers/any.offset", smq::write_position_json({value, 1, ""})));
  n.write(smq::testing::put(damaged->directory_of(0) + "/consumers/any.offset", "{"));
  n.write(smq::testing::put(unread->directory_of(0) + "/consumers/any.offset", smq::write_position_json({1, 1, ""})));
  n.sweep();
  CAF_CHECK(n.starts_at(native, 6));
  n.sweep_once_more();
  CAF_CHECK_EQUAL(n.start_of(native), 6);
  CAF_CHECK_EQUAL(n.start_of(damaged), 0);
  CAF_CHECK_EQUAL(n.start_of(unread), 0);
}

CAF_TEST(a damaged position that holds is counted each time and logged once until it is put right) {
  swept_node n;
  const auto topic = n.old_records("t", {{"retention.ms", "1000"}, {"retention.protect.max.ms", "-1"}});
  const auto path = topic->directory_of(0) + "/consumers/any.offset";
  const auto& found = actors::counted.damaged_positions;
  const auto before = found.value();
  const captured_log log;
  n.write(smq::testing::put(path, "{"));
  n.write(smq::testing::put(topic->directory_of(0) + "/consumers/other.offset", "{"));
  n.sweep();
  CAF_CHECK(soon_true([&] { return found.value() >= before + 6; }));  // both, three times
  CAF_CHECK_EQUAL(log.lines_with("damaged position in " + path), 1u);
  CAF_CHECK_EQUAL(log.lines_with("other.offset"), 0u);
  CAF_CHECK_EQUAL(log.lines_with("topic=t partition=0 positions=2"), 1u);
  n.write(smq::testing::put(path, smq::write_position_json({1, 1, ""})));
  CAF_CHECK(soon_true([&] { return log.lines_with("other.offset") == 1; }));
  n.write({smq::mutation::kind::erase, {topic->directory_of(0) + "/consumers/other.offset", "", {}, {}}});
  n.sweep_once_more();
  n.write(smq::testing::put(path, "{"));
  CAF_CHECK(soon_true([&] { return log.lines_with("damaged position in " + path) == 2; }));
  CAF_CHECK_EQUAL(n.start_of(topic), 0);
}

CAF_TEST(partitions that need nothing get no offset actor and those that did keep none) {
  swept_node n;
  auto quiet = n.node.create("quiet", 5, {{"retention.ms", "86400000"}, {"retention.bytes", "1000000"}});
  for (std::int32_t p = 0; p < 5; ++p) CAF_CHECK_EQUAL(n.node.append(quiet, fresh_batch(), p).base_offset, 0);
  n.old_records("old", {{"retention.ms", "86400000"}});
  n.restart();
  n.node.find("old");  // nothing else has loaded it
  const auto without = n.node.system->registry().running();
  n.sweep();
  const auto entry = n.node.find("old")->directory_of(0) + "/tidegate.offset";
  const smq::testing::blocking port{n.node.engine->ports()};
  CAF_CHECK(soon_true([&] { return smq::decode_partition_entry(port.get(entry).value.content)->log_start == 10; }));
  CAF_CHECK(soon_true([&] { return n.node.system->registry().running() == without + 1; }));  // the sweeper
}

CAF_TEST(a store that cannot be read deletes nothing and the next sweep does) {
  swept_node n;
  const auto topic = n.old_records("t", {{"retention.ms", "1000"}});
  n.commit(topic, "away", 4);
  n.node.ports->reads_fail = 30;
  n.sweep();
  CAF_CHECK(soon_true([&] { return n.node.ports->reads_fail == 0; }));
  CAF_CHECK(n.starts_at(topic, 10));  // older than retention.protect.max.ms
}

CAF_TEST(a trim that fails is tried again by the next sweep) {
  swept_node n;
  const auto topic = n.old_records("t", {{"retention.ms", "1000"}});
  n.node.ports->script({fault::refused, fault::lost, fault::lost, fault::lost, fault::lost});
  n.sweep();
  CAF_CHECK(n.starts_at(topic, 10));
}

CAF_TEST(partitions that rested by a clock that was ahead are looked at by the true one) {
  swept_node n;
  n.node.put_clock_ahead(24h);
  const auto topic = n.old_records("t", {{"retention.ms", "1000"}});
  n.sweep();
  CAF_CHECK(n.starts_at(topic, 10));
  n.node.put_clock_ahead(0h);
  for (int i = 10; i < 20; ++i) CAF_CHECK_EQUAL(n.node.append(topic, batch_of(i)).base_offset, i);
  CAF_CHECK(n.starts_at(topic, 20));
}

CAF_TEST(a clock that was put far forward makes nothing old at once) {
  const captured_log log{"warn"};
  swept_node n;
  n.sweep();
  n.sweep_once_more();
  n.node.put_clock_ahead(100 * 24h);
  const auto fresh = n.node.create("fresh", 1, {{"retention.ms", "86400000"}});
  CAF_CHECK_EQUAL(n.node.append(fresh, fresh_batch()).base_offset, 0);
  const auto large = n.old_records("large", {{"retention.bytes", "1"}});
  n.sweep_once_more();  // what was old before goes on
  CAF_CHECK(n.starts_at(large, 9));
  CAF_CHECK_EQUAL(n.start_of(fresh), 0);
  CAF_CHECK_EQUAL(log.lines_with("the clock was put forward: retention waits an hour"), 1u);
}

CAF_TEST(a clock that was put forward and stays so is believed) {
  swept_node n;
  actors::retention_settings settings;
  settings.clock_patience = 1ms;
  n.sweep(settings);
  n.sweep_once_more();
  n.node.put_clock_ahead(100 * 24h);
  n.sweep_once_more();
  const auto fresh = n.node.create("fresh", 1, {{"retention.ms", "86400000"}});
  CAF_CHECK_EQUAL(n.node.append(fresh, fresh_batch()).base_offset, 0);
  CAF_CHECK(n.starts_at(fresh, 1));
}

CAF_TEST(the rules are those of the configs) {
  actors::retention_settings node;
  smq::topic_info topic;
  CAF_CHECK(actors::retention_rules_of(topic, node).keeps_for_ever());
  topic.configs = {{"local.retention.ms", "1"}, {"local.retention.bytes", "1"}};  // without effect
  CAF_CHECK(actors::retention_rules_of(topic, node).keeps_for_ever());
  topic.configs = {{"retention.ms", "5"}, {"retention.bytes", "6"}};
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{5, 6, true, 7'776'000'000}));
  node.protects_groups = false;
  node.protect_max_ms = 8;
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{5, 6, false, 8}));
  topic.configs["retention.protect.groups"] = "true";
  topic.configs["retention.protect.max.ms"] = "9";
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{5, 6, true, 9}));
  node.retention_ms.set(7);
  node.retention_bytes.set(10);
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{5, 6, true, 9}));
  topic.configs.erase("retention.ms");
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{7, 6, true, 9}));
  topic.configs["retention.bytes"] = "-1";
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{7, -1, true, 9}));
  topic.configs.erase("retention.bytes");
  CAF_CHECK((actors::retention_rules_of(topic, node) == core::retention_rules{7, 10, true, 9}));
  for (const auto* policy : {"compact", ""}) {
    topic.configs["cleanup.policy"] = policy;
    CAF_CHECK(actors::retention_rules_of(topic, node).keeps_for_ever());
  }
}
