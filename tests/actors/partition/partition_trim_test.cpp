#define CAF_SUITE partition_trim
// The log start moves up: files go, nothing above it does, and whatever fails, it never comes back down.
#include "smq/entry_path.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <random>

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// Every append is a file of its own; nothing is merged.
actors::partition_settings small_files() {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;
  settings.merges.min_sources = settings.merges.max_sources = 1000;
  settings.tail_bytes = 0;
  return settings;
}

std::vector<std::int64_t> stored_files(node_fixture& node, const actors::topic_ptr& topic) {
  const smq::testing::blocking port{node.engine->ports()};
  std::vector<std::int64_t> files;
  for (const auto& e : port.list(topic->directory_of(0), "", 1000, false).value.entries)
    if (const auto name = smq::parse_segment_name(smq::name_of(e.path))) files.push_back(name->base_offset);
  return files;
}

std::future<msg::trim_result> trim_later(node_fixture& node, const actors::topic_ptr& topic, std::int64_t offset) {
  return node.ask_later<msg::trim_result>({not_leader_or_follower, -1}, [&](auto answer) {
    caf::anon_send(node.partitions, msg::trim{topic->name, topic->id, 0, offset, "test", false, answer});
  });
}

msg::trim_result trim(node_fixture& node, const actors::topic_ptr& topic, std::int64_t offset) {
  return value_of(trim_later(node, topic, offset));
}

std::int64_t trim_until_stored(node_fixture& node, const actors::topic_ptr& topic, std::int64_t offset) {
  for (int i = 0; i < 400; ++i) {
    const auto result = trim(node, topic, offset);
    if (result.error == none) return result.log_start_offset;
    const std::set<error_code> retriable{not_leader_or_follower, request_timed_out, kafka_storage_error};
    CAF_REQUIRE(retriable.count(result.error) == 1);
    std::this_thread::sleep_for(10ms);
  }
  CAF_FAIL("never trimmed");
}

void append_one_by_one(node_fixture& node, const actors::topic_ptr& topic, int first, int count) {
  for (int i = first; i < first + count; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
}

/// Where the log starts, if everything from there to `end` is read and nothing below is.
std::int64_t checked_start(node_fixture& node, const actors::topic_ptr& topic, std::int64_t end) {
  const auto start = node.list(topic, msg::earliest_timestamp).offset;
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, end);
  if (start > 0) CAF_CHECK(node.fetch(topic, start - 1).error == offset_out_of_range);
  for (auto offset = start; offset < end;) {
    const auto answer = node.fetch(topic, offset, 300);
    CAF_REQUIRE(answer.error == none);
    CAF_REQUIRE(!answer.batches.empty());
    CAF_CHECK_EQUAL(answer.log_start_offset, start);
    for (const auto& batch : answer.batches) {
      const auto header = kafka::check_stored_batch(batch.view());
      CAF_REQUIRE(header.has_value());
      CAF_CHECK(header->base_offset <= offset);
      offset = header->next_offset();
    }
  }
  return start;
}

}  // namespace

CAF_TEST(a trim deletes whole files below the log start and nothing else) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  for (int i = 0; i < 5; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(10 * i, 10)).base_offset, 10 * i);
  const auto result = trim(node, topic, 25);
  CAF_CHECK(result.error == none);
  CAF_CHECK_EQUAL(result.log_start_offset, 25);
  CAF_CHECK(stored_files(node, topic) == (std::vector<std::int64_t>{20, 30, 40}));
  CAF_CHECK_EQUAL(checked_start(node, topic, 50), 25);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(checked_start(node, topic, 50), 25);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(50)).base_offset, 50);
  CAF_CHECK_EQUAL(checked_start(node, topic, 51), 25);
  node.restart_cleanly();
  topic = node.find("t");
  CAF_CHECK_EQUAL(checked_start(node, topic, 51), 25);
}

CAF_TEST(files that a load has not listed go with a trim) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 150);  // the partition entry has marks from file 32 on
  for (const std::int64_t target : {40, 41, 100}) {
    node.restart();
    topic = node.find("t");
    CAF_CHECK_EQUAL(trim(node, topic, target).log_start_offset, target);
    const auto left = stored_files(node, topic);
    CAF_CHECK_EQUAL(left.front(), target);
    CAF_CHECK_EQUAL(left.size(), static_cast<std::size_t>(150 - target));
    node.restart();
    topic = node.find("t");
    CAF_CHECK_EQUAL(checked_start(node, topic, 150), target);
  }
}

CAF_TEST(bounds of a trim are those of DeleteRecords) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 5);
  CAF_CHECK(trim(node, topic, 6).error == offset_out_of_range);
  CAF_CHECK(trim(node, topic, -2).error == offset_out_of_range);
  CAF_CHECK_EQUAL(trim(node, topic, 3).log_start_offset, 3);
  CAF_CHECK_EQUAL(trim(node, topic, 1).log_start_offset, 3);
  CAF_CHECK_EQUAL(trim(node, topic, -1).log_start_offset, 5);
  CAF_CHECK_EQUAL(trim(node, topic, -1).log_start_offset, 5);
  CAF_CHECK(stored_files(node, topic) == (std::vector<std::int64_t>{4}));  // the newest says where the log goes on
  CAF_CHECK(node.fetch(topic, 5).error == none);
  CAF_CHECK(node.fetch(topic, 4).error == offset_out_of_range);
  CAF_CHECK_EQUAL(node.list(topic, 0).offset, -1);
  CAF_CHECK_EQUAL(value_of(node.translate(topic, 1)).offset, 5);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(checked_start(node, topic, 5), 5);
  append_one_by_one(node, topic, 5, 3);
  CAF_CHECK_EQUAL(checked_start(node, topic, 8), 5);
}

CAF_TEST(a time is looked for above the log start also inside a batch) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  auto later_first = batch_builder::of(3);
  later_first.records[0].timestamp_delta = 500;  // 1500 1001 1002
  CAF_CHECK_EQUAL(node.append(topic, shared_bytes(later_first.build())).base_offset, 0);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(3, 10)).base_offset, 3);  // 1000 to 1009
  CAF_CHECK_EQUAL(node.list(topic, 1400).offset, 0);
  CAF_CHECK_EQUAL(node.list(topic, msg::max_timestamp).offset, 0);
  CAF_CHECK_EQUAL(trim(node, topic, 1).log_start_offset, 1);
  struct row {
    std::int64_t timestamp, offset, found;
  };
  for (const auto& r : {row{0, 1, 1001}, row{1002, 2, 1002}, row{1005, 8, 1005}, row{1400, -1, -1}}) {
    const auto listed = node.list(topic, r.timestamp);
    CAF_CHECK(listed.error == none);
    CAF_CHECK_EQUAL(listed.offset, r.offset);
    CAF_CHECK_EQUAL(listed.timestamp, r.found);
  }
  // Its record is the newest that is left, not the one that went, and not the log start with the time of that.
  const auto newest = node.list(topic, msg::max_timestamp);
  CAF_CHECK_EQUAL(newest.offset, 12);
  CAF_CHECK_EQUAL(newest.timestamp, 1009);
  CAF_CHECK_EQUAL(trim(node, topic, 4).log_start_offset, 4);
  CAF_CHECK_EQUAL(node.list(topic, 1000).offset, 4);
  CAF_CHECK_EQUAL(node.list(topic, msg::max_timestamp).offset, 12);
}

CAF_TEST(an empty log has nothing to trim) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(trim(node, topic, -1).log_start_offset, 0);
  CAF_CHECK(trim(node, topic, 1).error == offset_out_of_range);
}

CAF_TEST(many files go a few at a time) {
  auto settings = small_files();
  settings.segments_per_trim = 3;
  node_fixture node(settings);
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 20);
  CAF_CHECK_EQUAL(trim(node, topic, 19).log_start_offset, 19);
  CAF_CHECK(soon_true([&] { return stored_files(node, topic).size() == 1; }));
  CAF_CHECK_EQUAL(checked_start(node, topic, 20), 19);
}

CAF_TEST(what a crash leaves below the log start goes with the next load) {
  auto settings = small_files();
  settings.segments_per_trim = 4;
  node_fixture node(settings);
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 20);
  node.ports->script({fault::none, fault::held});  // the second unit never arrives
  CAF_CHECK_EQUAL(trim(node, topic, 15).log_start_offset, 15);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  CAF_CHECK_EQUAL(stored_files(node, topic).size(), 16u);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(checked_start(node, topic, 20), 15);
  CAF_CHECK(soon_true([&] { return stored_files(node, topic).size() == 5; }));
}

CAF_TEST(an outcome of a trim that is found out later is a success) {
  for (auto f : {fault::applied_but_unknown, fault::lost, fault::prefix_but_unknown, fault::partial}) {
    node_fixture node(small_files());
    auto topic = node.create("t");
    append_one_by_one(node, topic, 0, 5);
    node.ports->script({f});
    CAF_CHECK_EQUAL(trim(node, topic, 3).log_start_offset, 3);
    CAF_CHECK_EQUAL(checked_start(node, topic, 5), 3);
    CAF_CHECK_EQUAL(node.fenced.load(), 0);
  }
}

CAF_TEST(a trim that is given up is a timeout and may be asked for again) {
  for (auto f : {fault::lost, fault::prefix_but_unknown}) {
    node_fixture node(small_files());
    auto topic = node.create("t");
    append_one_by_one(node, topic, 0, 5);
    node.ports->script({f, f, f, f});
    CAF_CHECK(trim(node, topic, 3).error == request_timed_out);
    // Applied but for the fence, or not at all: what storage shows is the truth.
    CAF_CHECK_EQUAL(checked_start(node, topic, 5), f == fault::lost ? 0 : 3);
    CAF_CHECK_EQUAL(trim(node, topic, 3).log_start_offset, 3);
    append_one_by_one(node, topic, 5, 2);
    node.restart();
    topic = node.find("t");
    CAF_CHECK_EQUAL(checked_start(node, topic, 7), 3);
  }
}

CAF_TEST(a refused trim changes nothing) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 5);
  node.ports->script({fault::refused});
  CAF_CHECK(trim(node, topic, 3).error == kafka_storage_error);
  CAF_CHECK_EQUAL(stored_files(node, topic).size(), 5u);
  append_one_by_one(node, topic, 5, 1);
  CAF_CHECK_EQUAL(checked_start(node, topic, 6), 0);
  CAF_CHECK_EQUAL(trim(node, topic, 3).log_start_offset, 3);
}

CAF_TEST(a new file waits for an undecided trim and does not take it back) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 5);
  node.ports->holds_erasures = true;
  auto trimmed = trim_later(node, topic, 3);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  auto appended = node.append_to(node.partitions, topic, batch_of(5));
  auto higher = trim_later(node, topic, 4);
  auto fetched = node.fetch_later(topic, 0);  // its chunk is gone
  CAF_CHECK(fetched.wait_for(100ms) == std::future_status::timeout);
  CAF_CHECK(appended.wait_for(0ms) == std::future_status::timeout);
  node.ports->holds_erasures = false;
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(trimmed)).log_start_offset, 3);
  CAF_CHECK_EQUAL(value_of(std::move(appended)).base_offset, 5);
  CAF_CHECK_EQUAL(value_of(std::move(higher)).log_start_offset, 4);
  CAF_CHECK(value_of(std::move(fetched)).error == offset_out_of_range);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(checked_start(node, topic, 6), 4);
}

CAF_TEST(an append that waits for a trim in vain leaves no chunk behind) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 5);
  // On a slow machine the chunk may come too late to wait.
  for (int i = 0; i < 50 && node.ports->released().empty(); ++i) {
    node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
    auto trimmed = trim_later(node, topic, 3);
    auto appended = node.append_to(node.partitions, topic, batch_of(5));
    CAF_CHECK(value_of(std::move(trimmed)).error == request_timed_out);
    appended.wait();
  }
  CAF_CHECK_EQUAL(node.ports->released().size(), 1u);
  CAF_CHECK_EQUAL(node.released_by_mistake(node.ports->released()), 0u);
}

CAF_TEST(a trim waits for a merge and a merge for a trim) {
  auto settings = small_files();
  settings.merges.min_sources = 4;
  node_fixture node(settings);
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 4);
  node.ports->holds_erasures = true;  // the merge is stored, its answer is not there
  CAF_CHECK_EQUAL(node.append(topic, batch_of(4)).base_offset, 4);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  auto trimmed = trim_later(node, topic, 4);
  CAF_CHECK(trimmed.wait_for(100ms) == std::future_status::timeout);
  node.ports->holds_erasures = false;
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(trimmed)).log_start_offset, 4);
  CAF_CHECK(stored_files(node, topic) == (std::vector<std::int64_t>{4}));
  // The turn comes while a trim is undecided: it is given back, and the next roll asks again.
  actors::merge_turns::turn held;
  settings.turns->ask([&](actors::merge_turns::turn turn) { held = std::move(turn); });
  append_one_by_one(node, topic, 5, 5);
  node.ports->holds_erasures = true;
  trimmed = trim_later(node, topic, 5);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  held.reset();
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 10);
  node.ports->holds_erasures = false;
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(trimmed)).log_start_offset, 5);
  CAF_CHECK(stored_files(node, topic) == (std::vector<std::int64_t>{5, 6, 7, 8, 9}));
  append_one_by_one(node, topic, 10, 1);
  CAF_CHECK(soon_true([&] { return stored_files(node, topic).size() < 6; }));
  CAF_CHECK_EQUAL(checked_start(node, topic, 11), 5);
}

CAF_TEST(producers are remembered when all their records are gone) {
  node_fixture node(small_files());
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 1)).base_offset, 1);
  CAF_CHECK_EQUAL(trim(node, topic, -1).log_start_offset, 2);
  node.restart();
  topic = node.find("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 1)).base_offset, 1);  // a repetition
  CAF_CHECK(node.append(topic, batch_of(9, 1, 7, 5)).error == out_of_order_sequence_number);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(2, 1, 7, 2)).base_offset, 2);
}

CAF_TEST(a waiting fetch is not disturbed and the tail forgets what was trimmed) {
  node_fixture node;
  auto topic = node.create("t");
  append_one_by_one(node, topic, 0, 5);
  auto interest = std::make_shared<int>(1);
  auto waits = node.wait_above(topic, 5, interest);
  CAF_CHECK_EQUAL(trim(node, topic, -1).log_start_offset, 5);
  CAF_CHECK(node.fetch(topic, 4).error == offset_out_of_range);
  CAF_CHECK(waits.wait_for(0ms) == std::future_status::timeout);
  append_one_by_one(node, topic, 5, 1);
  CAF_CHECK(value_of(std::move(waits)));
  CAF_CHECK_EQUAL(checked_start(node, topic, 6), 5);
}

CAF_TEST(trims and appends and merges with a store that fails at random lose nothing above the log start) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto settings = small_files();
    settings.merges.min_sources = 4;
    settings.segments_per_trim = 2;
    node_fixture node(settings);
    auto topic = node.create("t");
    std::mt19937_64 random(seed);
    std::int64_t end = 0;
    std::int64_t start = 0;
    std::vector<smq::chunk_id> released;
    const auto restart = [&] {
      const auto more = node.ports->released();
      released.insert(released.end(), more.begin(), more.end());
      node.restart();
      topic = node.find("t");
    };
    for (int i = 0; i < 80; ++i) {
      if (random() % 3 == 0) {
        const auto f = static_cast<fault>(random() % 6);  // all but held
        random() % 3 == 0 ? node.ports->script({f, f, f, f}) : node.ports->script({f});
      }
      if (random() % 4 == 0) {
        const auto wanted = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end + 1));
        start = std::max(start, wanted);
        CAF_CHECK_EQUAL(trim_until_stored(node, topic, wanted), start);
      } else {
        for (int tries = 0; node.append(topic, batch_of(i, 1, 7, static_cast<std::int32_t>(end))).error != none; ++tries) {
          CAF_REQUIRE(tries < 500);
          std::this_thread::sleep_for(10ms);
        }
        ++end;
      }
      if (random() % 20 == 0) restart();
    }
    restart();
    CAF_CHECK_EQUAL(node.released_by_mistake(released), 0u);
    CAF_CHECK_EQUAL(checked_start(node, topic, end), start);
  }
}
