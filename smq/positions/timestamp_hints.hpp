#pragma once

#include "messages/common/uuid.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace tidegate::smq {

/// Where a native RESUME has to go on for a Kafka offset (design §7.1). A point (offset, value) says: from `value` ns
/// on, a native subscriber gets at least everything from `offset` on, and at most a little before it. Points outlive
/// their offset actor: they stay true. A partition without points has the value 1: everything again, nothing skipped.
/// Bounded: the partitions that were noted or asked for longest ago go first.
/// Thread: any; one mutex, held for one look-up.
class timestamp_hints {
 public:
  /// Appends must not push out what a slow consumer was just given, nor the other way round.
  enum class source : std::uint8_t { log, consumer };
  static constexpr std::size_t points_per_source = 128;  // of one partition; the least recently noted go first
  // What they take in memory, rounded up.
  static constexpr std::size_t point_bytes = 80;
  static constexpr std::size_t slot_bytes = 16;  // a point has one for each time that it was noted lately
  static constexpr std::size_t partition_bytes = 320;

  explicit timestamp_hints(std::size_t max_bytes = std::size_t{8} << 20) : max_bytes_(max_bytes) {}

  void note(const uuid& topic_id, std::int32_t partition, std::int64_t offset, std::int64_t value_ns,
            source from = source::log) {
    std::lock_guard lock(mutex_);
    auto* known = use({topic_id, partition});
    if (!known) {
      newest_first_.push_front({{topic_id, partition}, {}});
      partitions_.emplace(newest_first_.front().first, newest_first_.begin());
      known = &newest_first_.front().second;
    }
    auto [at, is_new] = known->by_offset.try_emplace(offset);
    if (is_new) ++points_;
    at->second.value_ns = value_ns;
    ++at->second.noted;
    auto& noted = known->noted[static_cast<std::size_t>(from)];
    noted.push_back(offset);
    ++slots_;
    if (noted.size() > points_per_source) forget_oldest(*known, noted);
    while (size() > max_bytes_ && newest_first_.size() > 1) drop(std::prev(newest_first_.end()));
  }

  [[nodiscard]] std::int64_t value_of(const uuid& topic_id, std::int32_t partition, std::int64_t offset) {
    std::lock_guard lock(mutex_);
    const auto* known = use({topic_id, partition});
    if (!known) return 1;
    auto above = known->by_offset.upper_bound(offset);
    return above == known->by_offset.begin() ? 1 : std::max<std::int64_t>(1, std::prev(above)->second.value_ns);
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
  struct point {
    std::int64_t value_ns = 0;
    std::size_t noted = 0;  // how often it stands in the queues
  };
  struct points {
    std::map<std::int64_t, point> by_offset;
    std::array<std::vector<std::int64_t>, 2> noted;  // by source, oldest first
  };
  using order = std::list<std::pair<key, points>>;

  points* use(const key& k) {
    auto found = partitions_.find(k);
    if (found == partitions_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return &found->second->second;
  }

  /// The lowest offset stays for ever: it covers what is far behind.
  void forget_oldest(points& of, std::vector<std::int64_t>& noted) {
    auto oldest = of.by_offset.find(noted.front());
    noted.erase(noted.begin());  // a kilobyte at most
    --slots_;
    if (--oldest->second.noted > 0 || oldest == of.by_offset.begin()) return;
    of.by_offset.erase(oldest);
    --points_;
  }

  void drop(order::iterator which) {
    points_ -= which->second.by_offset.size();
    for (const auto& noted : which->second.noted) slots_ -= noted.size();
    partitions_.erase(which->first);
    newest_first_.erase(which);
  }

  [[nodiscard]] std::size_t size() const {
    return points_ * point_bytes + slots_ * slot_bytes + partitions_.size() * partition_bytes;
  }

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;  // guards everything below
  order newest_first_;
  std::map<key, order::iterator> partitions_;
  std::size_t points_ = 0;
  std::size_t slots_ = 0;
};

}  // namespace tidegate::smq
