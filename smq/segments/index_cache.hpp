#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

namespace tidegate::smq {

/// Where in a segment a batch begins.
struct index_point {
  std::int64_t segment_base_offset = 0;
  std::size_t chunk_index = 0;
  std::uint64_t position = 0;  // in the chunk
  std::uint64_t message_bytes = 0;  // of the message there; 0: not known
  friend bool operator==(const index_point&, const index_point&) = default;
};

/// Where active consumers go on reading: the least recently used points go first. A point is a hint: the reader checks
/// what it finds there.
/// Thread: any; one mutex, held for one look-up.
class index_cache {
 public:
  /// What one point costs in memory, list and map nodes included, rounded up.
  static constexpr std::size_t point_bytes = 256;

  explicit index_cache(std::size_t max_bytes) : max_points_(max_bytes / point_bytes) {}

  /// The point of the batch with this base offset; it becomes the most recently used.
  std::optional<index_point> find(const uuid& topic_id, std::int32_t partition, std::int64_t base_offset);

  void put(const uuid& topic_id, std::int32_t partition, std::int64_t base_offset, const index_point& point);
  void erase(const uuid& topic_id, std::int32_t partition, std::int64_t base_offset);

  [[nodiscard]] std::size_t size_bytes() const;

 private:
  using key = std::tuple<uuid, std::int32_t, std::int64_t>;
  using order = std::list<std::pair<key, index_point>>;

  const std::size_t max_points_;
  mutable std::mutex mutex_;  // guards everything below
  order newest_first_;
  std::map<key, order::iterator> points_;
};

}  // namespace tidegate::smq
