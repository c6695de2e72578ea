#pragma once

#include "actors/partition/clean_end.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/parts_owner.hpp"

#include <caf/actor_clock.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace tidegate::actors {

class partition_merges;

/// How an offset actor that nobody uses goes: clean end, then what is left to merge, then the registry is asked. A
/// request that comes between keeps it.
class partition_retirement {
 public:
  /// `registry` null: nobody to ask, so the actor never retires.
  partition_retirement(partition_log& log, partition_registry_actor registry, clean_end& end,
                       partition_merges& merges, parts_owner& owner);

  void note_request();
  /// A request that was noted is from the retention sweeper.
  void note_visit() { ++visits_; }

  /// The first look; the others follow by themselves.
  void look_in(std::chrono::milliseconds delay);

  /// The last merges have begun, and no request came since.
  [[nodiscard]] bool is_leaving() const;
  void ask();

  /// Nobody but the retention sweeper wanted this partition: a sweep must not leave an actor behind for each.
  void end_visit();

 private:
  void look();
  void leave();

  partition_log& log_;
  partition_registry_actor registry_;
  clean_end& clean_end_;
  partition_merges& merges_;
  parts_owner& owner_;
  std::uint64_t requests_ = 0;  // that came; the registry counts them too
  std::uint64_t visits_ = 0;    // of these, from the retention sweeper
  caf::actor_clock::time_point last_request_;
  std::optional<std::uint64_t> leaving_at_;  // `requests_` when nobody used it any more and the last merges began
};

}  // namespace tidegate::actors
