#pragma once

#include "messages/common/counter.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace tidegate::smq {

/// The calls of the two ports.
enum class port_call : std::uint8_t { chunk_put, chunk_get, get, get_many, list, transact, remove_tree };

struct call_counters {
  std::array<counter, 6> outcomes;  // by smq::status
  histogram<request_bounds> time;   // ns, until the answer
};

/// What the store counts; see messages/common/counter.hpp.
struct store_counters {
  // fencing/shard
  counter windows_stored;
  counter windows_refused;
  counter windows_burned;  // given up: their owners load again
  counter windows_fenced;
  histogram<count_bounds> window_mutations;  // of those that were sent
  histogram<request_bounds> window_time;     // ns, from the first attempt to the decision
  gauge windows_undecided;
  counter fences_lost;

  // counted_ports
  std::array<call_counters, 7> calls;  // by port_call
  counter chunk_bytes_written;
  counter chunk_bytes_read;

  // embedded/
  gauge volumes;
  gauge volume_bytes;
  gauge live_bytes;
  counter disk_reads;  // of chunks that the page cache did not have whole
  counter vacuum_copied_bytes;
  counter vacuum_freed_bytes;
  histogram<disk_bounds> sync_time;            // ns, of one fdatasync
  histogram<request_bounds> checkpoint_time;  // ns

  // seaweedmq/http, chunk_cache
  counter uploads_repeated;
  counter replica_fallbacks;  // reads that a server could not answer and another one was asked for
  counter read_ahead_bytes;
  counter read_ahead_hits;
  counter read_ahead_misses;
  gauge read_ahead_held;  // bytes
};

inline constinit store_counters counted{};

inline std::uint64_t ns_since(std::chrono::steady_clock::time_point began) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began).count();
  return ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
}

}  // namespace tidegate::smq
