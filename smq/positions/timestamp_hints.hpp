#pragma once

#include "messages/common/uuid.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <memory_resource>
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
  static constexpr std::uint64_t notes_per_source = 128;  // of one partition; what was noted before is forgotten
  // What they take in memory, rounded up. Points move when there are more of them; others use the room that was theirs.
  static constexpr std::size_t point_bytes = 128;
  static constexpr std::size_t partition_bytes = 192;

  explicit timestamp_hints(std::size_t max_bytes = std::size_t{8} << 20) : max_bytes_(max_bytes) {}

  void note(const uuid& topic_id, std::int32_t partition, std::int64_t offset, std::int64_t value_ns,
            source from = source::log) {
    std::lock_guard lock(mutex_);
    auto* known = use({topic_id, partition});
    if (!known) {
      newest_first_.emplace_front(key{topic_id, partition}, points{&memory_});
      partitions_.emplace(newest_first_.front().first, newest_first_.begin());
      known = &newest_first_.front().second;
    }
    points_ -= known->by_offset.size();
    note_in(*known, offset, value_ns, static_cast<std::size_t>(from));
    points_ += known->by_offset.size();
    while (size() > max_bytes_ && newest_first_.size() > 1) drop(std::prev(newest_first_.end()));
  }

  [[nodiscard]] std::int64_t value_of(const uuid& topic_id, std::int32_t partition, std::int64_t offset) {
    std::lock_guard lock(mutex_);
    const auto* known = use({topic_id, partition});
    if (!known) return 1;
    auto above = std::ranges::upper_bound(known->by_offset, offset, {}, &point::offset);
    return above == known->by_offset.begin() ? 1 : std::max<std::int64_t>(1, std::prev(above)->value_ns);
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
    std::int64_t offset = 0;
    std::int64_t value_ns = 0;
    std::array<std::uint64_t, 2> noted{};  // by source: number of its last note of this point; 0: forgotten
    [[nodiscard]] bool is_forgotten() const { return noted[0] == 0 && noted[1] == 0; }
  };
  struct points {
    explicit points(std::pmr::memory_resource* memory) : by_offset(memory) {}
    std::pmr::vector<point> by_offset;
    std::array<std::uint64_t, 2> notes{};  // by source: how many
  };
  using order = std::pmr::list<std::pair<key, points>>;

  points* use(const key& k) {
    auto found = partitions_.find(k);
    if (found == partitions_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return &found->second->second;
  }

  static void note_in(points& known, std::int64_t offset, std::int64_t value_ns, std::size_t source) {
    auto& of = known.by_offset;
    auto at = std::ranges::lower_bound(of, offset, {}, &point::offset);
    if (at == of.end() || at->offset != offset) at = of.insert(at, point{.offset = offset});
    at->value_ns = value_ns;
    at->noted[source] = ++known.notes[source];
    if (at == of.begin() && of.size() > 1 && of[1].is_forgotten()) of.erase(std::next(at));  // was the lowest
    if (known.notes[source] > notes_per_source) forget(of, known.notes[source] - notes_per_source, source);
  }

  /// The lowest offset stays for ever: it covers what is far behind.
  static void forget(std::pmr::vector<point>& of, std::uint64_t note, std::size_t source) {
    auto oldest = std::ranges::find(of, note, [source](const point& p) { return p.noted[source]; });
    if (oldest == of.end()) return;  // noted again since then
    oldest->noted[source] = 0;
    if (oldest != of.begin() && oldest->is_forgotten()) of.erase(oldest);
  }

  void drop(order::iterator which) {
    points_ -= which->second.by_offset.size();
    partitions_.erase(which->first);
    newest_first_.erase(which);
  }

  [[nodiscard]] std::size_t size() const { return points_ * point_bytes + partitions_.size() * partition_bytes; }

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;  // guards everything below
  // They outlive offset actors by far: scattered among what an actor takes and gives back, 3 MB of them would keep 8 MB
  // of pages.
  std::pmr::unsynchronized_pool_resource memory_{{.max_blocks_per_chunk = 128, .largest_required_pool_block = 4096}};
  order newest_first_{&memory_};
  std::pmr::map<key, order::iterator> partitions_{&memory_};
  std::size_t points_ = 0;
};

}  // namespace tidegate::smq
