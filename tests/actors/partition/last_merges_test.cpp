#define CAF_SUITE last_merges
// What a partition leaves in the store when nobody uses it any more.
#include "smq/entry_path.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/actors/partition/files_apart.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

std::vector<std::string> stored_names(node_fixture& node, const actors::topic_ptr& topic, std::int32_t partition = 0) {
  const smq::testing::blocking port{node.engine->ports()};
  std::vector<std::string> names;
  for (const auto& e : port.list(topic->directory_of(partition), "", 1000, false).value.entries)
    names.emplace_back(smq::name_of(e.path));
  return names;
}

std::vector<std::int64_t> stored_files(node_fixture& node, const actors::topic_ptr& topic) {
  std::vector<std::int64_t> files;
  for (const auto& name : stored_names(node, topic))
    if (const auto parts = smq::parse_segment_name(name)) files.push_back(parts->base_offset);
  return files;
}

void append_one_by_one(node_fixture& node, const actors::topic_ptr& topic, int first, int count,
                       std::int32_t partition = 0) {
  for (int i = first; i < first + count; ++i)
    CAF_CHECK_EQUAL(node.append(topic, batch_of(i), partition).base_offset, i);
}

/// The registries and the scoped actors of a test run, too.
bool is_gone(node_fixture& node) {
  return soon_true([&] { return node.system->registry().running() == 2; });
}

using offsets = std::vector<std::int64_t>;

}  // namespace

CAF_TEST(a partition that goes quiet leaves one closed file and its entries) {
  node_fixture node(files_apart());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 100);
  CAF_REQUIRE(is_gone(node));
  CAF_CHECK_EQUAL(stored_files(node, topic), (offsets{0, 99}));
  CAF_CHECK_EQUAL(stored_names(node, topic).size(), 4u);  // with tidegate.offset and checkpoint.offset
  CAF_CHECK(node.read_all(topic) == numbers(100));
  append_one_by_one(node, topic, 100, 10);
  CAF_REQUIRE(is_gone(node));
  CAF_CHECK_EQUAL(stored_files(node, topic), (offsets{0, 109}));
  node.restart();
  topic = node.find("t");
  CAF_CHECK(node.read_all(topic) == numbers(110));
}

CAF_TEST(an hour of one record per second leaves few files while it is written and four entries afterwards) {
  auto settings = files_apart();
  settings.segments = {.max_chunks_per_segment = 16, .max_segment_bytes = 16 * 1024 * 1024};  // as on a cluster
  settings.merges = {};
  node_fixture node(settings);
  auto topic = node.create("t");
  constexpr int records = 3600;
  batch_builder b;
  b.header.producer_id = -1;
  b.header.producer_epoch = -1;
  b.header.base_sequence = -1;
  b.records = {{"k", "<0>" + std::string(1000, 'r'), 0, 0}};
  std::size_t most = 0;
  for (int i = 0; i < records; ++i) {
    CAF_REQUIRE_EQUAL(node.append(topic, shared_bytes(b.build())).base_offset, i);
    if (i % 100 == 0) most = std::max(most, stored_files(node, topic).size());
  }
  CAF_CHECK_LESS_OR_EQUAL(most, 29u);  // up to seven of each of four tiers, and the open one
  CAF_REQUIRE(is_gone(node));
  CAF_CHECK_EQUAL(stored_files(node, topic), (offsets{0, stored_files(node, topic).back()}));
  CAF_CHECK_EQUAL(stored_names(node, topic).size(), 4u);
  CAF_CHECK_EQUAL(node.read_all(topic, 0, 1 << 20).size(), static_cast<std::size_t>(records));
}

CAF_TEST(a last merge that fails does not keep the partition) {
  struct row {
    std::string what;
    std::function<void(scripted_ports&)> breaks;
  };
  const auto fails = [](std::initializer_list<fault> each) {
    return [each = std::vector<fault>(each)](scripted_ports& ports) {
      ports.script({fault::none, fault::none});  // the append and the clean end
      for (const auto f : each) ports.script({f});
    };
  };
  const row rows[] = {
    {"no read", [](scripted_ports& ports) { ports.chunk_read_fails = [](int) { return true; }; }},
    {"some reads", [](scripted_ports& ports) { ports.chunk_read_fails = [](int n) { return n % 3 == 2; }; }},
    {"no upload",
     [](scripted_ports& ports) {
       ports.chunk_read_fails = [&ports](int) {
         ports.put_refuses = 1;  // the next one is the merge's
         return false;
       };
     }},
    {"refused", fails({fault::refused})},
    {"given up", fails({fault::lost, fault::lost, fault::lost, fault::lost})},
    {"partly there", fails({fault::prefix_but_unknown, fault::prefix_but_unknown, fault::prefix_but_unknown,
                            fault::prefix_but_unknown, fault::refused})},
    {"found out later", fails({fault::applied_but_unknown})},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.what);
    node_fixture node(files_apart());
    auto topic = node.create("t");
    append_one_by_one(node, topic, 0, 11);
    r.breaks(*node.ports);
    append_one_by_one(node, topic, 11, 1);
    CAF_CHECK(is_gone(node));
    node.ports->chunk_read_fails = nullptr;
    CAF_CHECK(node.read_all(topic) == numbers(12));
    const auto released = node.ports->released();
    node.restart();
    CAF_CHECK_EQUAL(node.released_by_mistake(released), 0u);
    topic = node.find("t");
    CAF_CHECK(node.read_all(topic) == numbers(12));
  }
}

CAF_TEST(a last merge that stays in doubt is tried once) {
  node_fixture node(files_apart());
  auto topic = node.create("t");
  const auto lists = node.ports->lists.load();
  append_one_by_one(node, topic, 0, 11);
  node.ports->script({fault::none, fault::none});  // the append and the clean end
  for (int i = 0; i < 12; ++i) node.ports->script({fault::lost});  // four of them are given up
  append_one_by_one(node, topic, 11, 1);
  CAF_CHECK(is_gone(node));
  CAF_CHECK_EQUAL(node.ports->lists.load() - lists, 2);  // the first load, and the one behind the doubt
  CAF_CHECK_EQUAL(stored_files(node, topic).size(), 12u);
  CAF_CHECK(node.read_all(topic) == numbers(12));
}

CAF_TEST(requests that come during the last merge are served and the partition stays) {
  node_fixture node(files_apart());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 12);
  node.ports->holds_reads = true;
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() > 0; }));  // nothing but the merge reads
  append_one_by_one(node, topic, 12, 3);
  auto fetched = node.fetch_later(topic, 3);
  node.ports->holds_reads = false;
  auto interest = std::make_shared<int>(1);
  auto waits = node.wait_above(topic, 15, interest);  // keeps it for as long as it likes
  node.ports->release();
  CAF_CHECK(value_of(std::move(fetched)).error == none);
  CAF_CHECK(soon_true([&] { return stored_files(node, topic) == (offsets{0, 11, 12, 13, 14}); }));
  CAF_CHECK_EQUAL(node.system->registry().running(), 3u);
  CAF_CHECK(node.read_all(topic) == numbers(15));
  interest.reset();
  CAF_CHECK(is_gone(node));
  CAF_CHECK(!value_of(std::move(waits)));
  CAF_CHECK_EQUAL(stored_files(node, topic), (offsets{0, 14}));
}

CAF_TEST(the clean end of a quiet partition does not wait for its turn to merge) {
  auto settings = files_apart();
  node_fixture node(settings);
  auto topic = node.create("t");
  actors::merge_turns::turn held;
  settings.turns->ask([&](actors::merge_turns::turn turn) { held = std::move(turn); });
  append_one_by_one(node, topic, 0, 5);
  CAF_CHECK(soon_true([&] { return stored_names(node, topic).size() == 7; }));  // checkpoint.offset is the last
  CAF_CHECK_EQUAL(node.system->registry().running(), 3u);
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 5);
  held.reset();
  CAF_CHECK(is_gone(node));
  CAF_CHECK_EQUAL(stored_files(node, topic), (offsets{0, 4}));
}

CAF_TEST(a last merge does not make old records young) {
  constexpr std::int64_t day_ms = 86'400'000;
  struct row {
    std::map<std::string, std::string> configs;
    std::int64_t of_node;  // log.retention.ms
    offsets files;
  };
  const row rows[] = {
    {{{"retention.ms", std::to_string(day_ms)}}, -1, {0, 1, 2, 4, 7}},
    {{{"retention.ms", std::to_string(8 * day_ms)}}, -1, {0, 1, 2, 7}},
    {{{"retention.ms", std::to_string(day_ms)}, {"cleanup.policy", "compact"}}, -1, {0, 7}},
    {{{"retention.ms", "-1"}}, -1, {0, 7}},
    {{}, -1, {0, 7}},
    {{}, day_ms, {0, 1, 2, 4, 7}},
    {{{"retention.ms", std::to_string(8 * day_ms)}}, day_ms, {0, 1, 2, 7}},
    {{{"retention.ms", "-1"}}, day_ms, {0, 7}},
    {{{"cleanup.policy", ""}}, day_ms, {0, 7}},
  };
  const auto now_ms = actors::wall_ms();
  for (const auto& r : rows) {
    auto settings = files_apart();
    const live<std::int64_t> of_node = -1;
    settings.retention_ms = of_node;
    node_fixture node(settings);
    of_node.set(r.of_node);  // it changes while the node runs
    const auto topic = node.create("t", 1, r.configs);
    for (const auto age_ms : {9 * day_ms, 9 * day_ms, day_ms / 2, day_ms / 2, day_ms / 8, day_ms / 8, 0L, 0L}) {
      batch_builder b;
      b.header.base_timestamp = now_ms - age_ms;
      CAF_CHECK(node.append(topic, shared_bytes(b.build())).error == none);
    }
    CAF_REQUIRE(is_gone(node));
    CAF_CHECK_EQUAL(stored_files(node, topic), r.files);
  }
}

CAF_TEST(files below the last mark are merged too) {
  node_fixture node(files_apart());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 60);  // the partition entry has a mark at file 32
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 60);
  CAF_REQUIRE(is_gone(node));
  CAF_CHECK_EQUAL(stored_files(node, topic), (offsets{0, 59}));
  CAF_CHECK(node.read_all(topic) == numbers(60));
}

CAF_TEST(older files that cannot be listed do not keep a quiet partition) {
  node_fixture node(files_apart());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 60);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 60);
  node.ports->reads_fail = 1;  // the list
  CAF_REQUIRE(is_gone(node));
  CAF_CHECK_EQUAL(node.ports->reads_fail.load(), 0);
  CAF_CHECK_EQUAL(stored_files(node, topic).size(), 34u);  // 32 of them, one of 27, and the open one
  CAF_CHECK(node.read_all(topic) == numbers(60));
}

CAF_TEST(a clean stop merges nothing) {
  auto settings = files_apart();
  settings.idle_after = 600s;
  node_fixture node(settings);
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 12);
  node.restart_cleanly();
  topic = node.find("t");
  CAF_CHECK_EQUAL(stored_files(node, topic).size(), 12u);
  CAF_CHECK_EQUAL(node.ports->chunk_reads.load(), 0);
  CAF_CHECK(node.read_all(topic) == numbers(12));
}

CAF_TEST(a clean stop does not wait for a last merge) {
  node_fixture node(files_apart());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 12);
  node.ports->holds_reads = true;
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() > 0; }));
  node_fixture::close_cleanly(node.partitions);
  CAF_CHECK_EQUAL(stored_files(node, topic).size(), 12u);
  node.restart();
  topic = node.find("t");
  CAF_CHECK(node.read_all(topic) == numbers(12));
}
