#define CAF_SUITE retention_sweeper
// Old records go, what a group has not read stays, and partitions that need nothing are left alone.
#include "actors/retention_sweeper.hpp"

#include "actors/log.hpp"
#include "actors/metrics/counters.hpp"
#include "smq/entry_path.hpp"
#include "smq/names.hpp"
#include "smq/positions/position_json.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <unistd.h>

#include <cstdio>
#include <sstream>

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

/// What is logged while it lives.
class captured_log {
 public:
  captured_log() : file_(std::tmpfile()), stderr_(::dup(STDERR_FILENO)) {
    CAF_REQUIRE(file_ != nullptr && stderr_ >= 0);
    ::dup2(::fileno(file_), STDERR_FILENO);
    actors::start_log("error", "text");
  }
  ~captured_log() {
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
    std::fclose(file_);
  }
  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;

  [[nodiscard]] std::size_t lines_with(const std::string& text) const {
    std::string all(1 << 16, '\0');
    const auto size = ::pread(::fileno(file_), all.data(), all.size(), 0);
    all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    std::size_t count = 0;
    std::istringstream lines{all};
    for (std::string line; std::getline(lines, line);) count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

 private:
  std::FILE* file_;
  int stderr_;
};

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
  for (const auto* policy : {"compact", ""}) {
    topic.configs["cleanup.policy"] = policy;
    CAF_CHECK(actors::retention_rules_of(topic, node).keeps_for_ever());
  }
}
