#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace tidegate::smq::seaweedmq {

/// Where a chunk lies: its file id without the cookie.
struct needle {
  std::uint32_t volume = 0;
  std::uint64_t key = 0;
  auto operator<=>(const needle&) const = default;
};

/// The needles that may be orphans: all that are there, but for those that somebody names. 8 bytes each.
class needle_set {
 public:
  /// Those of one replica, in any order; what other replicas have may be among them.
  void add(std::uint32_t volume, const std::vector<std::uint64_t>& keys);

  /// Somebody names it. Whether it was there does not matter.
  void erase(const needle& named);

  [[nodiscard]] std::size_t size() const { return size_; }

  /// In order. Takes them away, volume by volume.
  std::vector<needle> take_volume();
  [[nodiscard]] bool is_empty() const { return size_ == 0; }

 private:
  struct volume_keys {
    std::vector<std::uint64_t> keys;  // sorted, no two the same
    std::vector<bool> is_named;
  };

  std::map<std::uint32_t, volume_keys> volumes_;
  std::size_t size_ = 0;
};

/// The keys of the needles that an index file (.idx) says are there. `offset_bytes`: 4, or 5 as in builds for large
/// disks. A last entry that is cut off, as when the file is being written to, is left out.
/// Source: SeaweedFS 4.48, an entry is key (8 bytes), offset (4 or 5), size (4, big-endian); the last one of a key
/// counts, and offset 0 or a negative size means deleted.
std::vector<std::uint64_t> live_keys(const std::vector<std::byte>& index, unsigned offset_bytes);

}  // namespace tidegate::smq::seaweedmq
