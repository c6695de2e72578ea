#pragma once

#include "actors/partition/parked_requests.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/partition_merges.hpp"
#include "actors/partition/partition_trims.hpp"

#include <cstdint>
#include <vector>

namespace tidegate::actors {

/// Reads that found a chunk gone, and may find their records with another list of segments.
class repeated_reads {
 public:
  /// `parked`: what waits for the log to be loaded.
  repeated_reads(partition_log& log, const partition_merges& merges, const partition_trims& trims,
                 parked_requests& parked)
    : log_(log), merges_(merges), trims_(trims), parked_(parked) {}

  /// A chunk is gone: a merge or a trim took it. Where another list of segments is known by now, or comes with the
  /// answer to either, the request is answered by that one. False: the log has the newest list, so the chunk is lost.
  template <class Message, class Part>
  bool look_again(const Message& m, Part& part, void (Part::*read)(const Message&), std::uint64_t changes_seen) {
    const bool is_newer = log_.changes != changes_seen;
    if (log_.machine && is_newer) {
      (part.*read)(m);
      return true;
    }
    auto& waiting = log_.machine ? after_change_ : parked_;
    if (log_.machine && !merges_.is_undecided() && !trims_.is_undecided()) return false;
    waiting.add(for_later(m, part, read));
    return true;  // also when nobody keeps the request: then it gets its retriable error
  }

  /// The merge or trim ended.
  void run_all() { after_change_.run_all(); }
  /// For another life of the log, which has a list of its own.
  std::vector<parked_request> take_waiting() { return after_change_.take(); }

 private:
  partition_log& log_;
  const partition_merges& merges_;
  const partition_trims& trims_;
  parked_requests& parked_;
  parked_requests after_change_{log_.settings.max_parked};
};

}  // namespace tidegate::actors
