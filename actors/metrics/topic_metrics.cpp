#include "actors/metrics/topic_metrics.hpp"

#include <algorithm>

namespace tidegate::actors {

/// Called with the mutex.
std::shared_ptr<topic_counters> topic_metrics::counters_of(const std::string& topic) {
  const auto share_others = [this] {
    if (!others_) others_ = std::make_shared<topic_counters>();
    return others_;
  };
  if (topic == other) return share_others();  // a name that a topic may have
  if (const auto found = topics_.find(topic); found != topics_.end()) return found->second;
  if (topics_.size() >= limit_) {
    const auto unused = std::ranges::find_if(topics_, [](const auto& one) { return one.second.use_count() == 1; });
    if (unused != topics_.end()) topics_.erase(unused);
  }
  if (topics_.size() < limit_) return topics_[topic] = std::make_shared<topic_counters>();
  return share_others();
}

std::shared_ptr<partition_metrics> topic_metrics::join(const std::string& topic, const uuid& topic_id,
                                                       std::int32_t partition) {
  const std::pair key{topic_id, partition};
  const auto leave = [this, key](partition_metrics* gone) {
    delete gone;
    const std::lock_guard lock{mutex_};
    // The partition may have its next actor by now.
    if (const auto found = partitions_.find(key); found != partitions_.end() && found->second.expired())
      partitions_.erase(found);
  };
  std::shared_ptr<partition_metrics> made{new partition_metrics, leave};
  const std::lock_guard lock{mutex_};
  made->topic = counters_of(topic);
  partitions_.insert_or_assign(key, made);
  return made;
}

std::vector<topic_metrics::row> topic_metrics::rows() const {
  std::vector<row> all;
  const std::lock_guard lock{mutex_};
  for (const auto& [topic, counters] : topics_) all.push_back({topic, counters});
  if (others_) all.push_back({other, others_});
  return all;
}

std::int64_t topic_metrics::end_of(const uuid& topic_id, std::int32_t partition) const {
  std::shared_ptr<partition_metrics> alive;  // let go without the mutex, which the last one takes
  const std::lock_guard lock{mutex_};
  const auto found = partitions_.find({topic_id, partition});
  if (found == partitions_.end()) return -1;
  alive = found->second.lock();
  return alive ? alive->end.load(std::memory_order_relaxed) : -1;
}

std::size_t topic_metrics::topics() const {
  const std::lock_guard lock{mutex_};
  return topics_.size();
}

}  // namespace tidegate::actors
