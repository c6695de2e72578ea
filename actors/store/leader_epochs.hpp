#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace tidegate::actors {

/// The partitions that this node leads at another epoch than its own: those whose log was rewound, or whose entry knows
/// a later one (design §6.5). Metadata tells clients what fetches are checked against. Empty but for such accidents.
/// Thread: any.
class leader_epochs {
 public:
  /// `nodes`: the node's own, the version of the view that made it leader.
  void note(const uuid& topic_id, std::int32_t partition, std::int32_t epoch, std::int32_t nodes) {
    const std::lock_guard lock{mutex_};
    if (epoch == nodes)
      others_.erase({topic_id, partition});
    else
      others_[{topic_id, partition}] = epoch;
  }

  void forget(const uuid& topic_id, std::int32_t partition) {
    const std::lock_guard lock{mutex_};
    others_.erase({topic_id, partition});
  }

  [[nodiscard]] std::int32_t of(const uuid& topic_id, std::int32_t partition, std::int32_t nodes) const {
    const std::lock_guard lock{mutex_};
    const auto found = others_.find({topic_id, partition});
    return found == others_.end() ? nodes : found->second;
  }

 private:
  mutable std::mutex mutex_;  // guards the rest
  std::map<std::pair<uuid, std::int32_t>, std::int32_t> others_;
};

}  // namespace tidegate::actors
