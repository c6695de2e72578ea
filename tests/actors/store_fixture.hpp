#pragma once

#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_registry_state.hpp"
#include "actors/registries.hpp"
#include "actors/runtime/pool_scheduler.hpp"
#include "actors/store/store_timer.hpp"
#include "actors/topic/topic_registry_state.hpp"
#include "messages/kafka/record_batch.hpp"
#include "net/work_pool.hpp"
#include "smq/fencing/session_store.hpp"
#include "tests/actors/scripted_ports.hpp"
#include "tests/messages/kafka/batch_builder.hpp"
#include "tests/smq/test_engine.hpp"

#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <deque>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace tidegate::test {

/// Actors run as in a node.
struct test_caf_config : caf::actor_system_config {
  test_caf_config() { actors::run_actors_on(std::make_shared<net::work_pool>(2), *this); }
};

template <class T>
T value_of(std::future<T> answer) {
  if (answer.wait_for(std::chrono::seconds{20}) != std::future_status::ready) CAF_FAIL("no answer");
  return answer.get();
}

template <class F>
bool soon_true(F condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return false;
}

/// A batch of `count` records; record i says "<first + i>".
inline shared_bytes batch_of(int first, int count = 1, std::int64_t producer = -1, std::int32_t sequence = -1,
                             std::int16_t epoch = 0) {
  batch_builder b;
  b.records.clear();
  for (int i = 0; i < count; ++i) b.records.push_back({"k", "<" + std::to_string(first + i) + ">", i, i});
  b.header.producer_id = producer;
  b.header.producer_epoch = producer < 0 ? std::int16_t{-1} : epoch;
  b.header.base_sequence = sequence;
  return shared_bytes(b.build());
}

/// The part of a node below the connections, over a directory that outlives it.
class node_fixture {
 public:
  /// `clock_ahead`: see put_clock_ahead().
  explicit node_fixture(actors::partition_settings settings = {}, std::chrono::milliseconds clock_ahead = {})
    : settings_(settings) {
    put_clock_ahead(clock_ahead);
    open();
  }
  ~node_fixture() { close(); }
  node_fixture(const node_fixture&) = delete;
  node_fixture& operator=(const node_fixture&) = delete;

  /// As after a kill: nobody says goodbye.
  void restart() {
    close();
    open();
  }

  void restart_cleanly() {
    close_cleanly(partitions);
    restart();
  }

  template <class Handle>
  static void close_cleanly(const Handle& who) {
    auto closed = std::make_shared<std::promise<bool>>();
    auto is_closed = closed->get_future();
    caf::anon_send(who, msg::close_cleanly{when_let_go([closed] { closed->set_value(true); })});
    value_of(std::move(is_closed));
  }

  /// Makes a topic of an earlier life known again.
  actors::topic_ptr find(const std::string& name) {
    auto found = ask_topic([&](auto answer) { caf::anon_send(topics, msg::find_topic{name, {}, false, answer}); });
    CAF_REQUIRE(found.topic != nullptr);
    return found.topic;
  }

  smq::testing::scratch_directory directory;
  std::unique_ptr<smq::embedded::engine> engine;
  std::unique_ptr<scripted_ports> ports;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<const actors::store_access> store;
  actors::partition_registry_actor partitions;
  actors::topic_registry_actor topics;
  std::shared_ptr<actors::registry_directory> registries;
  std::shared_ptr<actors::smq_group_store> groups;
  std::atomic<int> fenced{0};

  /// The wall clock of partitions and of retention, ahead of the true time until something else is said.
  void put_clock_ahead(std::chrono::milliseconds by) { *clock_ahead_ns_ = std::chrono::nanoseconds{by}.count(); }

  actors::topic_ptr create(const std::string& name, std::int32_t count = 1,
                           std::map<std::string, std::string> configs = {}) {
    auto result = ask_topic([&](auto answer) {
      caf::anon_send(topics, msg::create_topic{name, count, std::move(configs), std::move(answer)});
    });
    CAF_REQUIRE(result.error == error_code::none);
    return result.topic;
  }

  /// `send` gets the reply to put into its message.
  template <class Send>
  msg::topic_result ask_topic(Send send) {
    return value_of(ask_later<msg::topic_result>({}, send));
  }

  template <class T, class Send>
  static std::future<T> ask_later(T if_dropped, Send send) {
    auto promise = std::make_shared<std::promise<T>>();
    auto answer = promise->get_future();
    send(reply<T>{std::move(if_dropped), [promise](T value) { promise->set_value(std::move(value)); }});
    return answer;
  }

  template <class Handle>
  static std::future<msg::append_result> append_to(const Handle& to, const actors::topic_ptr& topic,
                                                   shared_bytes records, std::int32_t partition = 0,
                                                   const std::string& client_host = {}) {
    msg::append_result gone;
    gone.error = error_code::not_leader_or_follower;
    return ask_later<msg::append_result>(gone, [&](auto answer) {
      caf::anon_send(to, msg::append{topic->name, topic->id, partition, std::move(records), -1, std::move(answer),
                                     client_host});
    });
  }

  msg::append_result append(const actors::topic_ptr& topic, shared_bytes records, std::int32_t partition = 0) {
    return value_of(append_to(partitions, topic, std::move(records), partition));
  }

  std::future<msg::fetch_result> fetch_later(const actors::topic_ptr& topic, std::int64_t offset,
                                             std::int32_t max_bytes = 1 << 20, std::int32_t partition = 0) {
    msg::fetch_result gone;
    gone.error = error_code::not_leader_or_follower;
    return ask_later<msg::fetch_result>(gone, [&](auto answer) {
      caf::anon_send(partitions,
                     msg::fetch_read{topic->name, topic->id, partition, offset, -1, -1, max_bytes, false, std::move(answer)});
    });
  }

  msg::fetch_result fetch(const actors::topic_ptr& topic, std::int64_t offset, std::int32_t max_bytes = 1 << 20,
                          std::int32_t partition = 0) {
    return value_of(fetch_later(topic, offset, max_bytes, partition));
  }

  std::future<msg::find_by_ts_result> translate(const actors::topic_ptr& topic, std::int64_t value_ns) {
    return ask_later<msg::find_by_ts_result>({}, [&](auto answer) {
      caf::anon_send(partitions, msg::find_by_ts{topic->name, topic->id, 0, value_ns, answer});
    });
  }

  std::future<msg::list_offsets_result> list_later(const actors::topic_ptr& topic, std::int64_t timestamp,
                                                   std::int32_t partition = 0, const std::string& client_host = {}) {
    msg::list_offsets_result gone;
    gone.error = error_code::not_leader_or_follower;
    return ask_later<msg::list_offsets_result>(gone, [&](auto answer) {
      caf::anon_send(partitions,
                     msg::list_offsets{topic->name, topic->id, partition, timestamp, -1, answer, client_host});
    });
  }

  msg::list_offsets_result list(const actors::topic_ptr& topic, std::int64_t timestamp, std::int32_t partition = 0) {
    return value_of(list_later(topic, timestamp, partition));
  }

  std::future<bool> wait_above(const actors::topic_ptr& topic, std::int64_t offset,
                               const std::shared_ptr<void>& interest, std::int32_t partition = 0) {
    return ask_later<bool>(false, [&](auto answer) {
      caf::anon_send(partitions, msg::fetch_wait{topic->name, topic->id, partition, offset, answer, interest});
    });
  }

  /// Released chunks of this store that can still be read: an entry names them.
  std::size_t released_by_mistake(const std::vector<smq::chunk_id>& released) {
    const smq::testing::blocking reads{engine->ports()};
    return static_cast<std::size_t>(std::count_if(
      released.begin(), released.end(), [&](const auto& id) { return reads.get_chunk(id, 0, 1).is_ok(); }));
  }

  /// Every stored record, in order; fails unless the offsets are contiguous from 0 to the high watermark.
  std::vector<int> read_all(const actors::topic_ptr& topic, std::int32_t partition = 0, std::int32_t max_bytes = 500) {
    std::vector<int> values;
    std::int64_t offset = 0;
    for (;;) {
      auto answer = fetch(topic, offset, max_bytes, partition);
      if (answer.error == error_code::not_leader_or_follower) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        continue;
      }
      CAF_REQUIRE(answer.error == error_code::none);
      if (answer.batches.empty()) {
        CAF_CHECK_EQUAL(offset, answer.high_watermark);
        return values;
      }
      for (const auto& batch : answer.batches) {
        auto header = kafka::check_stored_batch(batch.view());
        CAF_REQUIRE(header.has_value());
        CAF_CHECK_EQUAL(header->base_offset, offset);
        offset = header->base_offset + header->record_count;
        const std::string_view text = as_text(batch.view());
        for (auto at = text.find('<', 61); at != std::string_view::npos; at = text.find('<', at + 1))
          values.push_back(std::atoi(text.data() + at + 1));
      }
      CAF_CHECK_EQUAL(static_cast<std::int64_t>(values.size()), offset);
    }
  }

 private:
  void open() {
    engine = smq::testing::open_embedded(directory.path());
    ports = std::make_unique<scripted_ports>(engine->ports());
    timer_ = std::make_unique<actors::store_timer>();
    const auto random = smq::system_uuid_source();
    auto started = smq::start_node(*engine, {}, random(), random);
    CAF_REQUIRE(started.is_ok());
    smq::shard_options shards;
    shards.after = timer_->run_after();
    shards.on_fenced = [this](smq::fence_loss) { ++fenced; };
    sessions_ = std::make_unique<smq::session_store>(*ports, started.value, shards);
    directory_ = std::make_unique<actors::topic_directory>();
    hints_ = std::make_unique<smq::timestamp_hints>();
    index_ = std::make_unique<smq::index_cache>(std::size_t{1} << 20);
    config_ = std::make_unique<test_caf_config>();
    system = std::make_unique<caf::actor_system>(*config_);
    auto access = std::make_shared<actors::store_access>(
      actors::store_access{ports->ports(), *sessions_, *directory_, *hints_, *index_,
                           [this](const smq::chunk_id& id) {
                             engine->release(id);
                             ports->note_release(id);
                           },
                           random, started.value.incarnation, static_cast<std::int32_t>(started.value.view_version)});
    access->clock = std::make_shared<actors::node_clock>([by = clock_ahead_ns_] { return actors::wall_ns() + *by; });
    store = access;
    partitions = actors::spawn_partition_registry(*system, store, settings_);
    registries = std::make_shared<actors::registry_directory>();
    groups = std::make_shared<actors::smq_group_store>(store, actors::translate_in(registries));
    topics = actors::spawn_topic_registry(*system, store, {1}, actors::forget_everywhere(store, registries, groups),
                                          actors::tell_partitions(registries));
    registries->partitions.publish(partitions);
    registries->topics.publish(topics);
  }

  void close() {
    caf::anon_send_exit(topics, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(partitions, caf::exit_reason::user_shutdown);
    topics = nullptr;
    partitions = nullptr;
    groups = nullptr;
    registries = nullptr;
    auto ended = std::async(std::launch::async, [this] { system->await_all_actors_done(); });
    if (ended.wait_for(std::chrono::seconds{20}) != std::future_status::ready) std::abort();  // a stop that hangs
    sessions_->stop();
    ports->release();
    sessions_.reset();
    timer_.reset();
    engine.reset();
    store.reset();
    system.reset();
    config_.reset();
    ports.reset();
  }

  actors::partition_settings settings_;
  std::shared_ptr<std::atomic<std::int64_t>> clock_ahead_ns_ = std::make_shared<std::atomic<std::int64_t>>(0);
  std::unique_ptr<actors::store_timer> timer_;
  std::unique_ptr<smq::session_store> sessions_;
  std::unique_ptr<actors::topic_directory> directory_;
  std::unique_ptr<smq::timestamp_hints> hints_;
  std::unique_ptr<smq::index_cache> index_;
  std::unique_ptr<test_caf_config> config_;
};

/// 0, 1, … count - 1.
inline std::vector<int> numbers(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

}  // namespace tidegate::test
