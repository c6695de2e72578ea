#include "smq/segments/index_cache.hpp"

namespace tidegate::smq {

std::optional<index_point> index_cache::find(const uuid& topic_id, std::int32_t partition, std::int64_t base_offset) {
  std::lock_guard lock{mutex_};
  auto found = points_.find({topic_id, partition, base_offset});
  if (found == points_.end()) return std::nullopt;
  newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
  return found->second->second;
}

void index_cache::put(const uuid& topic_id, std::int32_t partition, std::int64_t base_offset,
                      const index_point& point) {
  std::lock_guard lock{mutex_};
  key k{topic_id, partition, base_offset};
  if (auto found = points_.find(k); found != points_.end()) {
    found->second->second = point;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return;
  }
  if (max_points_ == 0) return;
  if (points_.size() == max_points_) {
    points_.erase(newest_first_.back().first);
    newest_first_.pop_back();
  }
  newest_first_.emplace_front(k, point);
  points_.emplace(k, newest_first_.begin());
}

void index_cache::erase(const uuid& topic_id, std::int32_t partition, std::int64_t base_offset) {
  std::lock_guard lock{mutex_};
  auto found = points_.find({topic_id, partition, base_offset});
  if (found == points_.end()) return;
  newest_first_.erase(found->second);
  points_.erase(found);
}

std::size_t index_cache::size_bytes() const {
  std::lock_guard lock{mutex_};
  return points_.size() * point_bytes;
}

}  // namespace tidegate::smq
