#define CAF_SUITE partition_idle
// How offset actors end: idle, or with the node; and what the next one finds.
#include "smq/segments/partition_entry.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

actors::partition_settings soon_idle() {
  actors::partition_settings settings;
  settings.idle_after = 20ms;
  return settings;
}

/// A roll would take a snapshot.
actors::partition_settings without_rolls() {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 10'000;
  settings.snapshot_bytes = 64 * 1024;
  return settings;
}

std::optional<smq::partition_entry> stored_entry(node_fixture& node, const actors::topic_ptr& topic,
                                                 std::int32_t partition = 0) {
  const smq::testing::blocking port{node.engine->ports()};
  auto found = port.get(topic->directory_of(partition) + "/tidegate.offset");
  return found.is_ok() ? smq::decode_partition_entry(found.value.content) : std::nullopt;
}

/// The last message number that SMQ's own file tells; -1: there is no such file.
std::int64_t stored_checkpoint(node_fixture& node, const actors::topic_ptr& topic) {
  const smq::testing::blocking port{node.engine->ports()};
  auto found = port.get(topic->directory_of(0) + "/checkpoint.offset");
  if (!found.is_ok() || found.value.content.size() != 8) return -1;
  std::int64_t value = 0;
  for (const char c : found.value.content) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

bool ended_cleanly(node_fixture& node, const actors::topic_ptr& topic, std::int64_t at) {
  return soon_true([&] {
    auto entry = stored_entry(node, topic);
    return entry && entry->snapshot_offset == at;
  });
}

/// As if no roll had written one.
void remove_snapshot(node_fixture& node, const actors::topic_ptr& topic) {
  const smq::testing::blocking port{node.engine->ports()};
  auto found = port.get(topic->directory_of(0) + "/tidegate.offset").value;
  const auto before = found.content;
  auto entry = stored_entry(node, topic);
  entry->snapshot_offset = -1;
  entry->snapshot.clear();
  found.content = smq::encode_partition_entry(*entry);
  CAF_REQUIRE(port.transact({found.path, before}, {{smq::mutation::kind::put, found}}).is_ok());
}

constexpr int many_producers = 600;  // 131 bytes each with five batches

/// Each writes one batch after the other has.
void write_five_each(node_fixture& node, const actors::topic_ptr& topic) {
  for (int sequence = 0; sequence < 5; ++sequence) {
    std::vector<std::future<msg::append_result>> answers;
    for (int p = 0; p < many_producers; ++p)
      answers.push_back(node.append_to(node.partitions, topic, batch_of(0, 1, p, sequence)));
    for (auto& a : answers) CAF_REQUIRE(value_of(std::move(a)).error == none);
  }
}

/// Retries are known as such, with the offsets that write_five_each() got.
bool has_all_five(node_fixture& node, const actors::topic_ptr& topic, int producer) {
  for (int sequence = 0; sequence < 5; ++sequence) {
    const auto answer = node.append(topic, batch_of(0, 1, producer, sequence));
    if (answer.error != none || answer.base_offset != sequence * many_producers + producer) return false;
  }
  return true;
}

/// The registries and the scoped actors of a test run too.
bool none_but(node_fixture& node, std::size_t others) {
  return soon_true([&] { return node.system->registry().running() == others; });
}

}  // namespace

CAF_TEST(a partition without requests leaves a clean end and no actor and comes back with the next request) {
  node_fixture node(soon_idle());
  auto topic = node.create("t");
  CAF_REQUIRE(none_but(node, 2));
  for (int life = 0; life < 3; ++life) {
    CAF_CHECK_EQUAL(node.append(topic, batch_of(life, 1, 7, life)).base_offset, life);
    CAF_CHECK(ended_cleanly(node, topic, life + 1));
    CAF_CHECK(stored_entry(node, topic)->next_offset == life + 1);
    CAF_CHECK_EQUAL(stored_checkpoint(node, topic), life);
    CAF_CHECK(none_but(node, 2));
    node.ports->chunk_reads = 0;
    CAF_CHECK_EQUAL(node.append(topic, batch_of(life, 1, 7, life)).base_offset, life);  // still a duplicate
    CAF_CHECK_EQUAL(node.ports->chunk_reads.load(), 0);
  }
  CAF_CHECK(node.read_all(topic) == numbers(3));
}

CAF_TEST(a quiet partition that nobody appended to is not written again) {
  node_fixture node(soon_idle());
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 0);
  CAF_CHECK(none_but(node, 2));
  CAF_CHECK(!stored_entry(node, topic));
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  CAF_CHECK(ended_cleanly(node, topic, 1));
  CAF_CHECK(none_but(node, 2));
  node.ports->script({fault::held});  // a write would be held, and the actor with it
  CAF_CHECK(node.read_all(topic) == numbers(1));
  CAF_CHECK(none_but(node, 2));
  CAF_CHECK_EQUAL(node.ports->held_count(), 0u);
}

CAF_TEST(a fetch that waits keeps the actor and one that nobody waits for does not) {
  node_fixture node(soon_idle());
  auto topic = node.create("t");
  auto interest = std::make_shared<int>(1);
  auto waits = node.wait_above(topic, 0, interest);
  CAF_CHECK(waits.wait_for(200ms) == std::future_status::timeout);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  CAF_CHECK(value_of(std::move(waits)));
  auto again = node.wait_above(topic, 1, interest);
  CAF_CHECK(again.wait_for(200ms) == std::future_status::timeout);
  interest.reset();
  CAF_CHECK(none_but(node, 2));
  CAF_CHECK(!value_of(std::move(again)));
}

CAF_TEST(a translation that is on its way keeps the actor) {
  node_fixture node(soon_idle());
  auto topic = node.create("t");
  for (int i = 0; i < 3; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
  const auto moved = node.store->hints.value_of(topic->id, 0, 1);
  node.ports->holds_reads = true;
  auto translated = node.translate(topic, moved);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() > 0; }));
  CAF_CHECK(translated.wait_for(200ms) == std::future_status::timeout);
  node.ports->holds_reads = false;
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(translated)).offset, 1);
}

CAF_TEST(an append that is undecided keeps the actor) {
  node_fixture node(soon_idle());
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.ports->script({fault::held});
  auto append = node.append_to(node.partitions, topic, batch_of(1));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  if (append.wait_for(200ms) == std::future_status::timeout) {  // else the clean end was held
    CAF_CHECK_EQUAL(node.system->registry().running(), 3u);
  }
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(append)).base_offset, 1);
}

CAF_TEST(requests race with the end of the actor and none is lost) {
  auto settings = soon_idle();
  settings.idle_after = 1ms;
  node_fixture node(settings);
  auto topic = node.create("t");
  for (int i = 0; i < 1500; ++i) {
    CAF_REQUIRE_EQUAL(node.append(topic, batch_of(i, 1, 7, i)).base_offset, i);
    // Around the moment at which the actor asks, and while it writes its end.
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{i % 25 * 100};
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }
  CAF_CHECK(node.read_all(topic) == numbers(1500));
}

CAF_TEST(a clean end that fails costs nothing but reading) {
  for (auto f : {fault::refused, fault::lost, fault::prefix_but_unknown, fault::partial}) {
    node_fixture node;
    auto topic = node.create("t");
    for (int i = 0; i < 3; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, 7, i)).base_offset, i);
    node.ports->script({f, f, f, f});
    node.restart_cleanly();
    node.find("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(2, 1, 7, 2)).base_offset, 2);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(3, 1, 7, 3)).base_offset, 3);
    CAF_CHECK(node.read_all(topic) == numbers(4));
  }
}

CAF_TEST(a clean end that fails does not keep an idle partition) {
  for (const bool decided : {true, false}) {
    node_fixture node(soon_idle());
    auto topic = node.create("t");
    // The first is the append's own; what is lost four times is given up.
    if (decided)
      node.ports->script({fault::none, fault::refused});
    else
      node.ports->script({fault::none, fault::lost, fault::lost, fault::lost, fault::lost});
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
    CAF_CHECK(none_but(node, 2));
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 1)).base_offset, 1);
  }
}

CAF_TEST(a start after a clean stop reads no records and one after a kill does) {
  node_fixture node;
  auto topic = node.create("t", 3);
  for (int i = 0; i < 20; ++i)
    for (int p = 0; p < 3; ++p) CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, 7, i), p).base_offset, i);
  node.restart_cleanly();
  node.find("t");
  for (int p = 0; p < 3; ++p) {
    CAF_CHECK(stored_entry(node, topic, p)->snapshot_offset == 20);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(19, 1, 7, 19), p).base_offset, 19);
  }
  CAF_CHECK_EQUAL(node.ports->chunk_reads.load(), 0);
  for (int p = 0; p < 3; ++p) CAF_CHECK_EQUAL(node.append(topic, batch_of(20, 1, 7, 20), p).base_offset, 20);
  node.restart();
  node.find("t");
  for (int p = 0; p < 3; ++p) CAF_CHECK_EQUAL(node.append(topic, batch_of(20, 1, 7, 20), p).base_offset, 20);
  CAF_CHECK(node.ports->chunk_reads > 0);
}

CAF_TEST(a clean stop decides what is on its way and takes nothing more) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.ports->script({fault::held});
  auto written = node.append_to(node.partitions, topic, batch_of(1));
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() == 1; }));
  auto queued = node.append_to(node.partitions, topic, batch_of(2));
  std::promise<bool> closed;
  caf::anon_send(node.partitions, msg::close_cleanly{when_let_go([&] { closed.set_value(true); })});
  CAF_CHECK(node.append(topic, batch_of(3)).error == not_leader_or_follower);
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(written)).base_offset, 1);
  CAF_CHECK_EQUAL(value_of(std::move(queued)).base_offset, 2);
  CAF_CHECK(value_of(closed.get_future()));
  CAF_CHECK(stored_entry(node, topic)->snapshot_offset == 3);
  node.restart();
  node.find("t");
  CAF_CHECK(node.read_all(topic) == numbers(3));
}

CAF_TEST(a clean end leaves more producers than fit to the batches behind the older snapshot) {
  for (const bool by_idling : {false, true}) {
    auto settings = without_rolls();
    if (by_idling) settings.idle_after = 1s;
    node_fixture node(settings);
    auto topic = node.create("t");
    write_five_each(node, topic);
    if (by_idling) {
      CAF_CHECK(none_but(node, 2));
    } else {
      node.restart_cleanly();
      node.find("t");
    }
    const auto entry = stored_entry(node, topic);
    CAF_REQUIRE(entry.has_value());
    CAF_CHECK_EQUAL(entry->snapshot_offset, 0);
    CAF_CHECK_EQUAL(entry->next_offset, many_producers * 5);
    CAF_CHECK_EQUAL(stored_checkpoint(node, topic), many_producers * 5 - 1);
    CAF_CHECK(has_all_five(node, topic, many_producers - 1));
    CAF_CHECK(has_all_five(node, topic, 0));
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 0, 5)).base_offset, many_producers * 5);
  }
}

CAF_TEST(a snapshot of more producers than fit goes up to the end of the log when none of them tries again) {
  auto settings = without_rolls();
  settings.retries_within = 1ms;
  node_fixture node(settings);
  auto topic = node.create("t");
  write_five_each(node, topic);
  const auto later = actors::wall_ms() + 2;
  CAF_REQUIRE(soon_true([&] { return actors::wall_ms() > later; }));
  node.restart_cleanly();
  node.find("t");
  CAF_CHECK(stored_entry(node, topic)->snapshot_offset == many_producers * 5);
  CAF_CHECK(has_all_five(node, topic, many_producers - 1));
  CAF_CHECK(has_all_five(node, topic, many_producers - 500));
  CAF_CHECK_EQUAL(node.ports->chunk_reads.load(), 0);
}

CAF_TEST(a load whose reads fail goes on where it stopped) {
  actors::partition_settings settings;
  settings.reload_backoff = 1ms;
  node_fixture node(settings);
  auto topic = node.create("t");
  constexpr int batches = 40;  // a chunk and a read each
  for (int i = 0; i < batches; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i, 1, 7, i)).base_offset, i);
  node.restart();
  node.find("t");
  // Twelve reads, then two failures: the first ends an answer, the second a load. Never all 40 in one go.
  node.ports->chunk_read_fails = [](int number) { return number % 14 >= 12; };
  while (node.ports->chunk_reads < 3 * batches)
    if (node.append(topic, batch_of(batches - 1, 1, 7, batches - 1)).error == none) break;
  CAF_CHECK_EQUAL(node.append(topic, batch_of(batches - 1, 1, 7, batches - 1)).base_offset, batches - 1);
  CAF_CHECK(node.append(topic, batch_of(0, 1, 7, batches + 1)).error == out_of_order_sequence_number);
}

CAF_TEST(each read of a load has a deadline of its own) {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;  // a read takes two files
  settings.merges.min_sources = 1000;
  node_fixture node(settings);
  auto topic = node.create("t");
  for (int i = 0; i < 6; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
  remove_snapshot(node, topic);
  node.restart();
  node.find("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(6)).base_offset, 6);
  CAF_CHECK_EQUAL(node.ports->chunk_deadlines().size(), 3u);
}

CAF_TEST(a producer that was silent for too long is forgotten by a clean end and by a load) {
  for (const bool clean : {true, false}) {
    actors::partition_settings settings;
    settings.producer_expiration = 1ms;
    node_fixture node(settings);
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
    CAF_CHECK(node.append(topic, batch_of(9, 1, 7, 5)).error == out_of_order_sequence_number);
    const auto later = actors::wall_ms() + 2;
    CAF_REQUIRE(soon_true([&] { return actors::wall_ms() > later; }));
    clean ? node.restart_cleanly() : node.restart();
    const auto started = actors::wall_ms();
    CAF_REQUIRE(soon_true([&] { return actors::wall_ms() > started + 2; }));
    node.find("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 5)).base_offset, 1);
  }
}

CAF_TEST(a producer whose records are old is not forgotten by a load) {
  node_fixture node;  // the records of batch_of() are from 1970
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  node.restart();
  node.find("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 1);
}
