#include "actors/partition/partition_log.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/partition/topic_settings.hpp"
#include "actors/runtime/post.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tidegate::actors {

namespace {

constexpr std::size_t small_batch = 32U << 10U;  // copied into the tail, see tail_cache

}  // namespace

partition_log::partition_log(partition_actor::pointer actor, std::shared_ptr<const store_access> access, topic_ptr of,
                             std::int32_t partition, partition_settings how)
  : self(actor), store(std::move(access)), settings(std::move(how)),
    place{of->name, of->id, partition, of->directory_of(partition), of->span_seconds},
    metrics(settings.metrics->join(of->name, of->id, partition)),
    tail(settings.tail_bytes, small_batch, settings.tails) {
  use_topic(std::move(of));
}

void partition_log::use_topic(topic_ptr as_it_is) {
  topic = std::move(as_it_is);
  own_max_bytes_ = setting_or(*topic, "max.message.bytes", -1);
  timestamp_after_max_ms_ = setting_or(*topic, "message.timestamp.after.max.ms", 3'600'000);
  timestamp_before_max_ms_ = setting_or(*topic, "message.timestamp.before.max.ms",
                                        std::numeric_limits<std::int64_t>::max());
}

kafka::batch_limits partition_log::batch_limits_now() const {
  auto limits = settings.batches;
  limits.max_batch_bytes =
    static_cast<std::size_t>(own_max_bytes_ >= 0 ? own_max_bytes_ : settings.message_max_bytes.get());
  limits.checks_record_timestamps = !uses_log_append_time(*topic);
  const auto now_ms = wall_ms();
  limits.max_timestamp = now_ms + std::min(timestamp_after_max_ms_, std::numeric_limits<std::int64_t>::max() - now_ms);
  limits.min_timestamp = now_ms - timestamp_before_max_ms_;
  return limits;
}

std::function<void(std::function<void()>)> partition_log::poster(bool in_every_life) const {
  return [this, in_every_life, life = life_, post = post_to(self)](std::function<void()> f) {
    post([this, in_every_life, life, f = std::move(f)] {
      if (in_every_life || life == life_) f();
    });
  };
}

void partition_log::post_in(std::chrono::milliseconds delay, std::function<void()> f, bool in_every_life) const {
  caf::delayed_anon_send(partition_actor{self}, delay,
                         msg::make_resume([this, in_every_life, life = life_, f = std::move(f)] {
                           if (in_every_life || life == life_) f();
                         }));
}

caf::actor_clock::time_point partition_log::now() const { return self->clock().now(); }

void partition_log::end_life() {
  ++life_;
  this_life_.reset();
}

}  // namespace tidegate::actors
