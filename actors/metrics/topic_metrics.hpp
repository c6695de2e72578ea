#pragma once

#include "messages/common/counter.hpp"
#include "messages/common/uuid.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::actors {

/// What one offset actor tells the metrics.
struct partition_metrics {
  std::shared_ptr<topic_counters> topic;  // shared by the topic's partitions, and by all topics beyond the limit
  std::atomic<std::int64_t> end{-1};      // high watermark; -1: not loaded
};

/// The counters of at most `limit` topics by name; all others share those of "_other". A topic that no actor uses any
/// more gives its place to the next one that wants it. Thread: any; a mutex that offset actors take when they start and
/// scrapes take, never while records move.
class topic_metrics {
 public:
  static constexpr const char* other = "_other";

  explicit topic_metrics(std::size_t limit) : limit_(limit) {}

  /// For an offset actor, for its life; not longer than this lives.
  std::shared_ptr<partition_metrics> join(const std::string& topic, const uuid& topic_id, std::int32_t partition);

  struct row {
    std::string topic;
    std::shared_ptr<const topic_counters> counters;
  };
  /// Topics by name, then "_other" if it was ever used.
  [[nodiscard]] std::vector<row> rows() const;

  /// The high watermark of a partition whose actor lives and has loaded it, else -1.
  [[nodiscard]] std::int64_t end_of(const uuid& topic_id, std::int32_t partition) const;

  [[nodiscard]] std::size_t topics() const;

 private:
  std::shared_ptr<topic_counters> counters_of(const std::string& topic);

  const std::size_t limit_;
  mutable std::mutex mutex_;  // guards what follows
  // Topics stay when their actors go: scattered among what these took, each of them would keep 20 KB of pages.
  std::pmr::unsynchronized_pool_resource memory_;
  std::pmr::map<std::string, std::shared_ptr<topic_counters>> topics_{&memory_};
  std::shared_ptr<topic_counters> others_;
  std::map<std::pair<uuid, std::int32_t>, std::weak_ptr<partition_metrics>> partitions_;
};

}  // namespace tidegate::actors
