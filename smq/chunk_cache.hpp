#pragma once

#include "smq/ports.hpp"

#include <cstddef>
#include <memory>

namespace tidegate::smq {

struct chunk_cache_options {
  std::size_t max_bytes = std::size_t{64} << 20;       // of all chunks, those on their way included; 0: no cache
  std::uint64_t max_chunk_bytes = std::uint64_t{8} << 20;  // larger ones are read in parts, as they are asked for
  std::uint64_t max_kept_bytes = std::uint64_t{64} << 10;  // written chunks of at most so many are kept; 0: none
  std::size_t overhead_bytes = 256;                    // counted for every chunk beside its own
  std::size_t max_loading = 32;                        // chunks on their way at once
  std::chrono::milliseconds timeout{10'000};           // of one
};

/// Reads announced chunks ahead, whole, and keeps them for those who come for their parts; the least recently used go
/// first. Small chunks are kept when they are written: a merge will read them all, and each would be a call of its own.
/// For an engine whose chunks are a network away. What is not here is asked of the engine as it is.
/// Thread: any; one mutex, held for one look-up.
class chunk_cache final : public chunk_port {
 public:
  /// `inner` completes what it was asked before it is destroyed, and may be destroyed before the cache.
  chunk_cache(chunk_port& inner, const chunk_cache_options& options);
  ~chunk_cache() override;

  void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) override;
  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override;
  void will_read(const chunk_id& id, std::uint64_t size) override;

  [[nodiscard]] std::size_t size_bytes() const;

 private:
  struct shelf;
  std::shared_ptr<shelf> shelf_;
};

}  // namespace tidegate::smq
