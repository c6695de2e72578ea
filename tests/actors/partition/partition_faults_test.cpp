#define CAF_SUITE partition_faults
#include "actors/partition/partition_actor.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <array>
#include <random>
#include <set>

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

actors::partition_actor spawn_one(node_fixture& node, const actors::topic_ptr& topic) {
  return actors::spawn_partition(*node.system, node.store, topic, 0, {});
}

bool held_one(node_fixture& node) {
  return soon_true([&] { return node.ports->held_count() == 1; });
}

actors::partition_settings putting_at_once(std::size_t appends) {
  actors::partition_settings settings;
  settings.appends_at_once = appends;
  return settings;
}

/// Sends again until it is stored, as an idempotent producer does.
msg::append_result append_until_stored(node_fixture& node, const actors::topic_ptr& topic, int value,
                                       std::int64_t producer, std::int32_t sequence) {
  for (int i = 0; i < 200; ++i) {
    auto result = node.append(topic, batch_of(value, 1, producer, sequence));
    if (result.error == none) return result;
    const std::set<error_code> retriable{not_leader_or_follower, request_timed_out, kafka_storage_error};
    CAF_REQUIRE(retriable.count(result.error) == 1);
    std::this_thread::sleep_for(20ms);
  }
  CAF_FAIL("never stored");
}

}  // namespace

CAF_TEST(an outcome that is found out later is a success) {
  for (auto f : {fault::applied_but_unknown, fault::lost, fault::prefix_but_unknown, fault::partial}) {
    node_fixture node;
    auto topic = node.create("t");
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
    node.ports->script({f});
    CAF_CHECK_EQUAL(node.append(topic, batch_of(1)).base_offset, 1);
    CAF_CHECK_EQUAL(node.append(topic, batch_of(2)).base_offset, 2);
    CAF_CHECK(node.read_all(topic) == numbers(3));
    CAF_CHECK_EQUAL(node.fenced.load(), 0);
  }
}

CAF_TEST(a write that was given up is a timeout and the log goes on without a hole) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
  auto interest = std::make_shared<int>(1);
  auto waits = node.wait_above(topic, 1, interest);
  CAF_CHECK(node.append(topic, batch_of(1, 1, 7, 1)).error == request_timed_out);
  CAF_CHECK(node.read_all(topic) == numbers(1));
  CAF_CHECK(waits.wait_for(0ms) == std::future_status::timeout);
  CAF_CHECK_EQUAL(append_until_stored(node, topic, 1, 7, 1).base_offset, 1);
  CAF_CHECK(value_of(std::move(waits)));
  CAF_CHECK(node.read_all(topic) == numbers(2));
  CAF_CHECK_EQUAL(node.ports->released().size(), 1u);  // nobody names what was given up
  CAF_CHECK_EQUAL(node.engine->measure().unnamed_bytes, 0u);
}

CAF_TEST(what turns out to be stored after a timeout is seen and wakes and is not stored twice) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  auto interest = std::make_shared<int>(1);
  auto waits = node.wait_above(topic, 1, interest);
  const auto f = fault::prefix_but_unknown;  // the segment's entry is written, the fence is not
  node.ports->script({f, f, f, f});
  CAF_CHECK(node.append(topic, batch_of(1, 1, 7, 1)).error == request_timed_out);
  CAF_CHECK(value_of(std::move(waits)));
  CAF_CHECK_EQUAL(append_until_stored(node, topic, 1, 7, 1).base_offset, 1);
  CAF_CHECK(node.read_all(topic) == numbers(2));
  CAF_CHECK(node.ports->released().empty());  // the file names it
  node.restart();
  node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer}); });
  CAF_CHECK(node.read_all(topic) == numbers(2));
}

CAF_TEST(a refused write is a storage error and gives its offsets back) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0, 1, 7, 0)).base_offset, 0);
  node.ports->script({fault::refused});
  CAF_CHECK(node.append(topic, batch_of(9, 3, 7, 1)).error == kafka_storage_error);
  node.ports->put_refuses = 1;
  CAF_CHECK(node.append(topic, batch_of(9, 3, 7, 1)).error == kafka_storage_error);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(1, 1, 7, 1)).base_offset, 1);
  CAF_CHECK(node.read_all(topic) == numbers(2));
  CAF_CHECK_EQUAL(node.ports->released().size(), 1u);
  CAF_CHECK_EQUAL(node.engine->measure().unnamed_bytes, 0u);
}

CAF_TEST(what waits behind a refused append is refused with it) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.ports->script({fault::held});
  auto first = node.append_to(node.partitions, topic, batch_of(1));
  CAF_REQUIRE(held_one(node));
  std::vector<std::future<msg::append_result>> more;
  for (int i = 2; i < 5; ++i) more.push_back(node.append_to(node.partitions, topic, batch_of(i)));
  // Requests keep their order, so this answer proves that the appends wait in the actor.
  CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, 1);
  node.ports->script({fault::refused});
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(first)).base_offset, 1);
  for (auto& m : more) CAF_CHECK(value_of(std::move(m)).error == kafka_storage_error);
  for (int i = 2; i < 5; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
  CAF_CHECK(node.read_all(topic) == numbers(5));
}

CAF_TEST(a log that cannot be read is a retriable error and is loaded later) {
  node_fixture node;
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  // Every read fails, however late the first request comes: a load that succeeds in between would serve it.
  node.ports->reads_fail = 1'000'000;
  auto one = spawn_one(node, topic);  // takes the log over from the registry's actor
  CAF_CHECK(value_of(node.append_to(one, topic, batch_of(1))).error == kafka_storage_error);
  node.ports->reads_fail = 0;
  CAF_CHECK(soon_true([&] { return value_of(node.append_to(one, topic, batch_of(1))).error == none; }));
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
}

CAF_TEST(a killed actor answers what it held and the next one continues with everything stored) {
  node_fixture node;
  auto topic = node.create("t");
  auto actor = spawn_one(node, topic);
  CAF_CHECK_EQUAL(value_of(node.append_to(actor, topic, batch_of(0, 1, 7, 0))).base_offset, 0);
  node.ports->script({fault::held});
  auto written = node.append_to(actor, topic, batch_of(1, 1, 7, 1));
  CAF_REQUIRE(held_one(node));
  auto queued = node.append_to(actor, topic, batch_of(2, 1, 7, 2));
  auto interest = std::make_shared<int>(1);
  auto waits = node.ask_later<bool>(false, [&](auto answer) {
    caf::anon_send(actor, msg::fetch_wait{"t", topic->id, 0, 1, answer, interest});
  });
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  CAF_CHECK(value_of(std::move(written)).error == not_leader_or_follower);
  CAF_CHECK(value_of(std::move(queued)).error == not_leader_or_follower);
  CAF_CHECK(!value_of(std::move(waits)));
  // The next one waits until the write on its way is decided.
  auto next = spawn_one(node, topic);
  auto again = node.append_to(next, topic, batch_of(1, 1, 7, 1));
  CAF_CHECK(again.wait_for(100ms) == std::future_status::timeout);
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(again)).base_offset, 1);
  CAF_CHECK_EQUAL(value_of(node.append_to(next, topic, batch_of(2, 1, 7, 2))).base_offset, 2);
  CAF_CHECK(node.read_all(topic) == numbers(3));
  caf::anon_send_exit(next, caf::exit_reason::user_shutdown);
}

CAF_TEST(a crash is answered and the registry starts another one) {
  node_fixture node;
  auto topic = node.create("t", 2);
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(append_until_stored(node, topic, i, 7, i).base_offset, i);
    node.ports->put_throws = 1;
    CAF_CHECK(node.append(topic, batch_of(i + 1, 1, 7, i + 1)).error == not_leader_or_follower);
    CAF_CHECK(node.append(topic, batch_of(i), 1).error == none);  // its neighbour notices nothing
  }
  CAF_CHECK(node.read_all(topic) == numbers(3));
  CAF_CHECK(node.read_all(topic, 1) == numbers(3));
}

CAF_TEST(a partition that keeps crashing stays down and its neighbour serves) {
  node_fixture node;
  auto topic = node.create("t", 2);
  int crashes = 0;
  for (int i = 0; i < 1000 && crashes < 6; ++i) {
    node.ports->put_throws = 1;
    CAF_CHECK(node.append(topic, batch_of(0)).error == not_leader_or_follower);
    if (node.ports->put_throws.exchange(0) == 0) ++crashes;
    std::this_thread::sleep_for(5ms);
  }
  CAF_CHECK_EQUAL(crashes, 6);
  for (int i = 0; i < 20; ++i) {
    CAF_CHECK(node.append(topic, batch_of(0)).error == not_leader_or_follower);
    std::this_thread::sleep_for(20ms);
  }
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0), 1).base_offset, 0);
  const auto release = [&](std::optional<std::int32_t> partition) {
    return value_of(node.ask_later<std::int64_t>(-1, [&](auto answer) {
      caf::anon_send(node.partitions, msg::release_partitions{topic->id, partition, answer});
    }));
  };
  CAF_CHECK_EQUAL(release(1), 0);
  CAF_CHECK(node.append(topic, batch_of(0)).error == not_leader_or_follower);
  CAF_CHECK_EQUAL(release(std::nullopt), 1);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  CAF_CHECK_EQUAL(release(0), 0);
}

constexpr int producers = 3;
constexpr int per_producer = 30;

CAF_TEST(no acknowledged batch is lost or doubled by a store that fails at random) {
  std::size_t all_released = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    node_fixture node{putting_at_once(seed % 2 == 0 ? 4 : 1)};
    auto topic = node.create("t");
    std::atomic<bool> done{false};
    std::thread chaos([&] {
      // Few enough of each that the partition is not put into quarantine.
      std::mt19937_64 random(seed);
      for (int i = 0; i < 60 && !done; ++i) {
        const auto f = static_cast<fault>(random() % 6);  // all but held
        random() % 4 == 0 ? node.ports->script({f, f, f, f}) : node.ports->script({f});
        if (i % 25 == 5) node.ports->put_throws = 1;
        if (i % 25 == 15) node.ports->reads_fail = 1;
        if (i % 5 == 2) node.ports->put_refuses = 1;
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 30});
      }
    });
    std::vector<std::thread> clients;
    std::array<std::array<std::int64_t, per_producer>, producers> acknowledged{};
    std::atomic<bool> failed{false};
    for (int p = 0; p < producers; ++p)
      clients.emplace_back([&, p] {
        for (int i = 0; i < per_producer && !failed; ++i) {
          for (int tries = 0;; ++tries) {
            auto answer = node.append_to(node.partitions, topic, batch_of(p * 1000 + i, 1, p, i));
            if (answer.wait_for(15s) != std::future_status::ready || tries > 2000) {
              failed = true;
              return;
            }
            auto result = answer.get();
            if (result.error == none) {
              acknowledged[static_cast<std::size_t>(p)][static_cast<std::size_t>(i)] = result.base_offset;
              break;
            }
            if (result.error == out_of_order_sequence_number) failed = true;
            std::this_thread::sleep_for(5ms);
          }
        }
      });
    for (auto& c : clients) c.join();
    done = true;
    chaos.join();
    CAF_CHECK(!failed);
    const auto released = node.ports->released();
    all_released += released.size();
    node.restart();
    CAF_CHECK_EQUAL(node.released_by_mistake(released), 0u);
    node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer}); });
    const auto stored = node.read_all(topic);
    CAF_CHECK_EQUAL(stored.size(), static_cast<std::size_t>(producers * per_producer));
    for (int p = 0; p < producers; ++p)
      for (int i = 0; i < per_producer; ++i) {
        const auto at = acknowledged[static_cast<std::size_t>(p)][static_cast<std::size_t>(i)];
        CAF_CHECK(at < static_cast<std::int64_t>(stored.size()) &&
                  stored[static_cast<std::size_t>(at)] == p * 1000 + i);
      }
  }
  CAF_CHECK(all_released > 0);
}

CAF_TEST(a request that too many others wait before is dropped and counted) {
  actors::partition_settings settings;
  settings.max_parked = 1;
  node_fixture node(settings);
  auto topic = node.create("t");
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.restart();
  topic = node.find("t");
  const auto before = actors::counted.unparked_partition_requests.value();
  node.ports->holds_reads = true;
  auto waits = node.append_to(node.partitions, topic, batch_of(1), 0);
  CAF_REQUIRE(soon_true([&] { return node.ports->held_count() > 0; }));
  CAF_CHECK(value_of(node.append_to(node.partitions, topic, batch_of(2), 0)).error != none);
  CAF_CHECK_EQUAL(actors::counted.unparked_partition_requests.value() - before, 1u);
  node.ports->holds_reads = false;
  node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(waits)).base_offset, 1);
}
