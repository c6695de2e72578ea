#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/planned_batch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace tidegate::core {

/// What the tails of all partitions of a node may hold together. While half of it is free, a tail takes what it wants.
/// Then no tail keeps more than its share, which is the same for all that hold something; who holds more gives it up at
/// the next touch, so that a newcomer finds room soon. When nothing is free, a tail keeps its newest batch only, and only
/// if that is not above a share by itself. At twice the budget it keeps nothing. Thread: any.
class tail_budget {
 public:
  explicit tail_budget(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  void take(std::size_t bytes) { held_ += static_cast<std::int64_t>(bytes); }
  void give(std::size_t bytes) { held_ -= static_cast<std::int64_t>(bytes); }
  void join() { ++tails_; }
  void leave() { --tails_; }

  [[nodiscard]] std::int64_t held() const { return held_; }
  [[nodiscard]] bool is_over() const { return held_ > max_bytes_; }
  [[nodiscard]] bool is_far_over() const { return held_ > 2 * max_bytes_; }
  [[nodiscard]] bool is_scarce() const { return held_ > max_bytes_ / 2; }
  [[nodiscard]] std::size_t share() const {
    return static_cast<std::size_t>(max_bytes_ / std::max<std::int64_t>(tails_, 1));
  }

 private:
  const std::int64_t max_bytes_;
  std::atomic<std::int64_t> held_{0};
  std::atomic<std::int64_t> tails_{0};  // that hold something
};

/// The newest batches of a partition, for consumers that keep up. Bounded in bytes; the oldest leave first.
class tail_cache {
 public:
  /// `max_bytes` 0 keeps nothing. Batches below `copied_below_bytes` are copied: as slices, a few small batches would
  /// keep alive the large frames in which they arrived together with other partitions' batches.
  /// `node`: what this cache has to share with others; null: nothing.
  explicit tail_cache(std::size_t max_bytes, std::size_t copied_below_bytes = std::size_t{32} << 10,
                      std::shared_ptr<tail_budget> node = nullptr)
    : max_bytes_(max_bytes), copied_below_bytes_(copied_below_bytes), node_(std::move(node)) {}
  ~tail_cache() { clear(); }
  tail_cache(const tail_cache&) = delete;
  tail_cache& operator=(const tail_cache&) = delete;

  /// Takes the batch behind the last one. Pushing below the last end empties the cache first.
  void push(const planned_batch& batch);

  /// Whole batches from the one that holds `offset` (or follows a gap at it) on, together at most `max_bytes`, but at
  /// least one. nullopt: not in memory (always so while the cache is empty). `offset` at or above the end: an empty
  /// list.
  [[nodiscard]] std::optional<std::vector<shared_bytes>> read(std::int64_t offset, std::size_t max_bytes,
                                                              const batch_observer& seen = nullptr) const;

  /// Gives up what is above its share; whoever uses the partition calls this, also when nothing is pushed.
  void give_up_excess();

  /// Drops the batches that end at or below `log_start`.
  void trim(std::int64_t log_start);

  void clear();

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct item {
    std::int64_t base_offset;
    std::int64_t next_offset;
    std::int64_t ts_ns;
    shared_bytes batch;
  };

  void drop_front();

  std::size_t max_bytes_;
  std::size_t copied_below_bytes_;
  std::shared_ptr<tail_budget> node_;
  std::size_t bytes_ = 0;
  std::deque<item> items_;
};

}  // namespace tidegate::core
