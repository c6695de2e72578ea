#pragma once

#include "messages/common/uuid.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

namespace tidegate::smq {

/// Where a native RESUME has to go on for a Kafka offset (design §7.1), for the partitions that are in use. A point
/// (offset, value) says: from `value` ns on, a native subscriber gets at least everything from `offset` on, and at
/// most a little before it. A partition that nobody noted has the value 1: everything again, nothing skipped.
/// Thread: any; one mutex, held for one look-up.
class timestamp_hints {
 public:
  static constexpr std::size_t points_per_partition = 64;

  void note(const uuid& topic_id, std::int32_t partition, std::int64_t offset, std::int64_t value_ns) {
    std::lock_guard lock(mutex_);
    auto& points = partitions_[{topic_id, partition}];
    points[offset] = value_ns;
    // The second oldest goes, so that the newest stay dense and the oldest keeps covering what is far behind.
    if (points.size() > points_per_partition) points.erase(std::next(points.begin()));
  }

  [[nodiscard]] std::int64_t value_of(const uuid& topic_id, std::int32_t partition, std::int64_t offset) const {
    std::lock_guard lock(mutex_);
    auto found = partitions_.find({topic_id, partition});
    if (found == partitions_.end()) return 1;
    auto above = found->second.upper_bound(offset);
    return above == found->second.begin() ? 1 : std::max<std::int64_t>(1, std::prev(above)->second);
  }

  void forget(const uuid& topic_id, std::int32_t partition) {
    std::lock_guard lock(mutex_);
    partitions_.erase({topic_id, partition});
  }

 private:
  mutable std::mutex mutex_;  // guards partitions_
  std::map<std::pair<uuid, std::int32_t>, std::map<std::int64_t, std::int64_t>> partitions_;
};

}  // namespace tidegate::smq
