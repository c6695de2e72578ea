#pragma once

#include "actors/core/producer_state.hpp"
#include "messages/common/uuid.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

namespace tidegate::actors {

/// Batches of idempotent producers that were given up, by partition, until its offset actor takes them: what producers of
/// whom nothing is stored have to begin with (core::producer_state), whoever gave up and whatever crashed. Empty but for
/// such accidents. Thread: any.
class first_batches {
 public:
  void add(const uuid& topic_id, std::int32_t partition, const core::producer_claim& given_up, std::int64_t now_ms);

  [[nodiscard]] bool has_any() const { return producers_.load(std::memory_order_relaxed) > 0; }

  /// They are forgotten here.
  [[nodiscard]] core::producer_state take(const uuid& topic_id, std::int32_t partition);

  /// Its topic is deleted.
  void forget(const uuid& topic_id, std::int32_t partition);

  /// Of all partitions; more are not noted, and such a producer may begin anywhere, as with Kafka.
  static constexpr std::size_t max_producers = 100'000;
  /// Older notes make room for new ones: nobody appended to those partitions since, and their clients have given up, as
  /// they do after delivery.timeout.ms (2 minutes by default).
  static constexpr std::int64_t max_age_ms = 600'000;

 private:
  void drop_old(std::int64_t now_ms);

  std::mutex mutex_;  // guards the next ones, and changes of the last
  std::map<std::pair<uuid, std::int32_t>, core::producer_state> partitions_;
  std::int64_t look_again_ms_ = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::size_t> producers_ = 0;
};

}  // namespace tidegate::actors
