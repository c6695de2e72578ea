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
  auto made = std::make_shared<partition_metrics>();
  const std::lock_guard lock{mutex_};
  made->topic = counters_of(topic);
  if (partitions_.size() >= sweep_at_) {
    std::erase_if(partitions_, [](const auto& one) { return one.second.expired(); });
    sweep_at_ = std::max<std::size_t>(1024, 2 * partitions_.size());
  }
  partitions_.insert_or_assign({topic_id, partition}, made);
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
  const std::lock_guard lock{mutex_};
  const auto found = partitions_.find({topic_id, partition});
  if (found == partitions_.end()) return -1;
  const auto alive = found->second.lock();
  return alive ? alive->end.load(std::memory_order_relaxed) : -1;
}

std::size_t topic_metrics::topics() const {
  const std::lock_guard lock{mutex_};
  return topics_.size();
}

}  // namespace tidegate::actors
