#define CAF_SUITE partition_merge
// Small segment files become few, and nobody notices.
#include "smq/entry_path.hpp"
#include "smq/segments/merge_log.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/actors/store_fixture.hpp"
#include "tests/smq/run_queue.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// Every append is a file of its own, and four of them are worth a merge.
actors::partition_settings small_files() {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;
  settings.merges.min_sources = 4;
  settings.tail_bytes = 0;
  return settings;
}

/// The base offsets of the files that are stored.
std::vector<std::int64_t> stored_files(node_fixture& node, const actors::topic_ptr& topic, std::int32_t partition = 0) {
  const smq::testing::blocking port{node.engine->ports()};
  std::vector<std::int64_t> files;
  for (const auto& e : port.list(topic->directory_of(partition), "", 1000, false).value.entries)
    if (const auto name = smq::parse_segment_name(smq::name_of(e.path))) files.push_back(name->base_offset);
  return files;
}

std::size_t segment_files(node_fixture& node, const actors::topic_ptr& topic) {
  return stored_files(node, topic).size();
}

/// What a filer leaves that died inside the merge of the first `count` files: all of them, and the merged one.
void leave_half_a_merge(node_fixture& node, const actors::topic_ptr& topic, std::size_t count) {
  const smq::partition_place place{topic->name, topic->id, 0, topic->directory_of(0), topic->span_seconds};
  auto log = smq::testing::wait_for<smq::result<smq::log_state>>(
    [&](auto done) { smq::load_log(node.engine->ports(), place, smq::load_extent::all, smq::testing::soon(), std::move(done)); });
  const auto& files = log.value.segments;
  const std::vector<smq::segment> sources{files.begin(), files.begin() + static_cast<std::ptrdiff_t>(count)};
  smq::testing::run_queue queue;
  std::optional<std::vector<smq::chunk_ref>> copied;
  smq::copy_segments(*node.engine, place, sources, 1 << 20, smq::testing::soon(), queue.later(),
                     [&](smq::result<std::vector<smq::chunk_ref>> result) { copied = std::move(result.value); });
  CAF_REQUIRE(queue.run_until([&] { return copied.has_value(); }));
  const auto unit = smq::merge_mutations(log.value, place, sources, smq::merged_segment(place, sources, *copied));
  const smq::testing::blocking port{node.engine->ports()};
  // The first file has the merged one's name.
  CAF_REQUIRE(port.transact({"/scratch", {}}, {unit[0], unit[1], smq::testing::put("/scratch", "1")}).is_ok());
}

void append_one_by_one(node_fixture& node, const actors::topic_ptr& topic, int first, int count,
                       std::int32_t partition = 0) {
  for (int i = first; i < first + count; ++i)
    CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, -1, -1), partition).base_offset, i);
}

}  // namespace

CAF_TEST(files are merged while batches come and every record stays) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 60);
  CAF_CHECK(soon_true([&] { return segment_files(node, topic) <= 10; }));  // up to three of each tier, and the open one
  CAF_CHECK(node.read_all(topic) == numbers(60));
  node.restart();
  topic = node.find("t");
  CAF_CHECK(node.read_all(topic) == numbers(60));
  append_one_by_one(node, topic, 60, 20);
  CAF_CHECK(node.read_all(topic) == numbers(80));
  node.restart_cleanly();
  topic = node.find("t");
  CAF_CHECK(node.read_all(topic) == numbers(80));
}

CAF_TEST(a store that fails now and then loses nothing to a merge) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 10);
  for (int i = 10; i < 40; ++i) {
    if (i % 5 == 0) node.ports->script({fault::refused});
    if (i % 7 == 0) node.ports->reads_fail = 2;  // of a copy, most likely
    if (i % 11 == 0) node.ports->put_refuses = 1;
    while (node.append(topic, batch_of(i, 1, -1, -1)).error != none) {
    }
  }
  node.ports->reads_fail = 0;
  node.ports->put_refuses = 0;
  CAF_CHECK(node.read_all(topic) == numbers(40));
  const auto released = node.ports->released();
  CAF_CHECK(!released.empty());
  node.restart();
  CAF_CHECK_EQUAL(node.released_by_mistake(released), 0u);
  CAF_CHECK(node.read_all(node.find("t")) == numbers(40));
}

CAF_TEST(what a crash left of a merge goes before the next merge even when it stays at first) {
  auto settings = small_files();
  settings.merges.min_sources = 8;
  node_fixture node(settings);
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 8);
  leave_half_a_merge(node, topic, 3);
  node.restart();
  topic = node.find("t");
  node.ports->script({fault::refused});  // the erasure
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 8);
  append_one_by_one(node, topic, 8, 12);
  CAF_CHECK(soon_true([&] { return segment_files(node, topic) <= 12; }));
  node.restart();
  topic = node.find("t");
  CAF_CHECK(node.read_all(topic) == numbers(20));
}

CAF_TEST(what a crash left of a merge goes when the partition goes quiet) {
  for (const bool is_refused : {false, true}) {
    auto settings = small_files();
    settings.merges.min_sources = 1000;
    settings.idle_after = 200ms;
    node_fixture node(settings);
    auto topic = node.create("t");
    append_one_by_one(node, topic, 0, 8);
    leave_half_a_merge(node, topic, 3);
    node.restart();
    topic = node.find("t");
    // The erasure after the load, the clean end, the erasure before the last merge.
    node.ports->script({fault::refused, fault::none, is_refused ? fault::refused : fault::none});
    CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 8);
    CAF_CHECK(soon_true([&] { return node.system->registry().running() == 2; }));
    const std::vector<std::int64_t> merged{0, 7};
    CAF_CHECK_EQUAL(stored_files(node, topic) == merged, !is_refused);
    CAF_CHECK(node.read_all(topic) == numbers(8));
  }
}

CAF_TEST(a merge that failed is not tried again and those behind it are) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  node.ports->chunk_read_fails = [](int number) { return number == 1; };  // nothing but a merge reads
  append_one_by_one(node, topic, 0, 40);
  CAF_CHECK(soon_true([&] { return segment_files(node, topic) <= 15; }));
  auto files = stored_files(node, topic);
  files.resize(5);
  CAF_CHECK_EQUAL(files, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  CAF_CHECK(node.read_all(topic) == numbers(40));
}

CAF_TEST(partitions of a node merge one after the other) {
  auto settings = small_files();
  node_fixture node(settings);
  auto topic = node.create("t", 3);
  actors::merge_turns::turn held;
  settings.turns->ask([&](actors::merge_turns::turn turn) { held = std::move(turn); });
  for (std::int32_t p = 0; p < 3; ++p) append_one_by_one(node, topic, 0, 12, p);
  for (std::int32_t p = 0; p < 3; ++p) CAF_CHECK_EQUAL(stored_files(node, topic, p).size(), 12u);
  CAF_CHECK_EQUAL(node.ports->chunk_reads.load(), 0);
  held.reset();
  for (std::int32_t p = 0; p < 3; ++p) {
    CAF_CHECK(soon_true([&] { return stored_files(node, topic, p).size() < 12; }));
    CAF_CHECK(node.read_all(topic, p) == numbers(12));
  }
}

CAF_TEST(reads that find a chunk gone wait for the merge that took it) {
  auto settings = small_files();
  settings.segments.max_chunks_per_segment = 2;
  node_fixture node(settings);
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 8);
  const auto moved = node.store->hints.value_of(topic->id, 0, 1);  // inside the first file: only its bytes can tell
  node.ports->holds_erasures = true;
  CAF_CHECK_EQUAL(node.append(topic, batch_of(8)).base_offset, 8);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  auto fetched = node.fetch_later(topic, 0);
  auto listed = node.list_later(topic, 0);
  auto translated = node.translate(topic, moved);
  CAF_CHECK(fetched.wait_for(100ms) == std::future_status::timeout);
  CAF_CHECK(listed.wait_for(0ms) == std::future_status::timeout);
  CAF_CHECK(translated.wait_for(0ms) == std::future_status::timeout);
  node.ports->holds_erasures = false;
  node.ports->release();
  const auto fetch = value_of(std::move(fetched));
  CAF_CHECK(fetch.error == none);
  CAF_CHECK(!fetch.batches.empty());
  const auto list = value_of(std::move(listed));
  CAF_CHECK(list.error == none);
  CAF_CHECK_EQUAL(list.offset, 0);
  const auto translation = value_of(std::move(translated));
  CAF_CHECK(translation.error == none);
  CAF_CHECK_EQUAL(translation.offset, 1);
}

CAF_TEST(reads that find a chunk gone never take it for damage when the log must be loaded again) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 4);
  // The append's own is stored; the merge is there but for the fence, and given up at last.
  node.ports->script({fault::none, fault::prefix_but_unknown, fault::prefix_but_unknown, fault::prefix_but_unknown,
                      fault::prefix_but_unknown});
  CAF_CHECK_EQUAL(node.append(topic, batch_of(4)).base_offset, 4);
  CAF_REQUIRE(soon_true([&] { return segment_files(node, topic) < 5; }));
  for (int i = 0; i < 200; ++i) {
    CAF_CHECK(node.fetch(topic, 0).error != kafka_storage_error);
    CAF_CHECK(node.list(topic, 0).error != kafka_storage_error);
  }
  CAF_CHECK(node.read_all(topic) == numbers(5));
}

CAF_TEST(as many partitions merge at once as there are turns) {
  auto settings = small_files();
  settings.turns = std::make_shared<actors::merge_turns>(2);
  node_fixture node(settings);
  auto topic = node.create("t", 3);
  node.ports->holds_reads = true;  // nothing but a merge reads
  for (std::int32_t p = 0; p < 3; ++p) append_one_by_one(node, topic, 0, 5, p);
  CAF_CHECK(soon_true([&] { return node.ports->chunk_reads == 8; }));
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp, 2).offset, 5);
  CAF_CHECK_EQUAL(node.ports->chunk_reads.load(), 8);  // four files of each of two partitions
  node.ports->holds_reads = false;
  node.ports->release();
  for (std::int32_t p = 0; p < 3; ++p) {
    CAF_CHECK(soon_true([&] { return stored_files(node, topic, p).size() == 2; }));
    CAF_CHECK(node.read_all(topic, p) == numbers(5));
  }
}
