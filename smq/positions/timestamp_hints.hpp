#pragma once

#include "messages/common/uuid.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace tidegate::smq {

/// Where a native RESUME has to go on for a Kafka offset (design §7.1). A point (offset, value) says: from `value` ns
/// on, a native subscriber gets at least everything from `offset` on, and at most a little before it. Points outlive
/// their offset actor: they stay true. A partition without points has the value 1: everything again, nothing skipped.
/// Bounded: the partitions that were noted or asked for longest ago go first.
/// Thread: any; one mutex, held for one look-up.
class timestamp_hints {
 public:
  static constexpr std::size_t points_per_partition = 64;
  static constexpr std::size_t point_bytes = 72;  // map node, rounded up
  static constexpr std::size_t partition_bytes = 256;

  explicit timestamp_hints(std::size_t max_bytes = std::size_t{4} << 20) : max_bytes_(max_bytes) {}

  void note(const uuid& topic_id, std::int32_t partition, std::int64_t offset, std::int64_t value_ns) {
    std::lock_guard lock(mutex_);
    auto* points = use({topic_id, partition});
    if (!points) {
      newest_first_.push_front({{topic_id, partition}, {}});
      partitions_.emplace(newest_first_.front().first, newest_first_.begin());
      points = &newest_first_.front().second;
    }
    if (points->insert_or_assign(offset, value_ns).second) ++points_;
    // The second oldest goes, so that the newest stay dense and the oldest keeps covering what is far behind.
    if (points->size() > points_per_partition) {
      points->erase(std::next(points->begin()));
      --points_;
    }
    while (size() > max_bytes_ && newest_first_.size() > 1) drop(std::prev(newest_first_.end()));
  }

  [[nodiscard]] std::int64_t value_of(const uuid& topic_id, std::int32_t partition, std::int64_t offset) {
    std::lock_guard lock(mutex_);
    const auto* points = use({topic_id, partition});
    if (!points) return 1;
    auto above = points->upper_bound(offset);
    return above == points->begin() ? 1 : std::max<std::int64_t>(1, std::prev(above)->second);
  }

  /// The topic is gone.
  void forget(const uuid& topic_id, std::int32_t partition) {
    std::lock_guard lock(mutex_);
    if (auto found = partitions_.find({topic_id, partition}); found != partitions_.end()) drop(found->second);
  }

  [[nodiscard]] std::size_t size_bytes() const {
    std::lock_guard lock(mutex_);
    return size();
  }

 private:
  using key = std::pair<uuid, std::int32_t>;
  using offset_values = std::map<std::int64_t, std::int64_t>;
  using order = std::list<std::pair<key, offset_values>>;

  offset_values* use(const key& k) {
    auto found = partitions_.find(k);
    if (found == partitions_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return &found->second->second;
  }

  void drop(order::iterator which) {
    points_ -= which->second.size();
    partitions_.erase(which->first);
    newest_first_.erase(which);
  }

  [[nodiscard]] std::size_t size() const {
    return points_ * point_bytes + partitions_.size() * partition_bytes;
  }

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;  // guards everything below
  order newest_first_;
  std::map<key, order::iterator> partitions_;
  std::size_t points_ = 0;
};

}  // namespace tidegate::smq
