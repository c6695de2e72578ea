#pragma once

#include "actors/core/partition_machine.hpp"
#include "actors/core/tail_cache.hpp"
#include "actors/interfaces/partition_registry.hpp"
#include "actors/log.hpp"
#include "actors/partition/partition_settings.hpp"
#include "actors/store/store_access.hpp"
#include "smq/segments/log.hpp"
#include "smq/session.hpp"

#include <caf/actor_clock.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace tidegate::actors {

/// The log of a partition as its offset actor knows it, and what every part of that actor needs to work on it. A part
/// that had something stored applies it here. Thread: the actor's.
class partition_log {
 public:
  partition_log(partition_actor::pointer actor, std::shared_ptr<const store_access> access, topic_ptr of,
                std::int32_t partition, partition_settings how);
  partition_log(const partition_log&) = delete;
  partition_log& operator=(const partition_log&) = delete;

  /// At first, and whenever its configs are altered: everything that follows from them is set here, or looked up in
  /// `topic` when it is needed.
  void use_topic(topic_ptr as_it_is);

  /// What a produced batch must keep to, by the configs and the clock of now.
  [[nodiscard]] kafka::batch_limits batch_limits_now() const;

  /// Posts to this actor; what comes after a reload belongs to an earlier life and is dropped, unless told otherwise.
  static constexpr bool every_life = true;
  [[nodiscard]] std::function<void(std::function<void()>)> poster(bool in_every_life = false) const;
  /// The same, once, when `delay` is over.
  void post_in(std::chrono::milliseconds delay, std::function<void()> f, bool in_every_life = false) const;

  /// By the actor's clock.
  [[nodiscard]] caf::actor_clock::time_point now() const;

  /// A completion of an earlier life of this log is ignored.
  void begin_life() { ++life_; }
  /// Work elsewhere that a life ordered need not be begun once this is gone.
  [[nodiscard]] std::weak_ptr<void> this_life() const { return this_life_; }
  void drop_ordered_work() { this_life_ = std::make_shared<int>(); }
  void end_life();

  /// One line in the node's log, about this partition.
  template <class... Fields>
  void say(log_level level, std::string_view event, const Fields&... more) const {
    log_event(level, event, {{"topic", place.topic}, {"partition", place.partition}, more...});
  }

  const partition_actor::pointer self;
  const std::shared_ptr<const store_access> store;
  const partition_settings settings;
  const smq::partition_place place;
  topic_ptr topic;  // with its configs as they are now
  const std::shared_ptr<partition_metrics> metrics;

  std::shared_ptr<smq::session> session;
  smq::log_state state;
  std::unique_ptr<core::partition_machine> machine;  // null while loading
  core::tail_cache tail;
  std::uint64_t changes = 0;  // merges and trims applied to `state`
  std::shared_ptr<void> reads = std::make_shared<int>();  // shared by every read of the store that is on its way
  std::optional<msg::close_cleanly> closing;  // the node stops: what is on its way is decided, nothing else is begun

 private:
  std::int64_t own_max_bytes_ = -1;  // max.message.bytes; −1: the node's
  std::int64_t timestamp_after_max_ms_ = 0;   // message.timestamp.after.max.ms
  std::int64_t timestamp_before_max_ms_ = 0;  // message.timestamp.before.max.ms
  std::uint64_t life_ = 0;
  std::shared_ptr<void> this_life_ = std::make_shared<int>();
};

}  // namespace tidegate::actors
