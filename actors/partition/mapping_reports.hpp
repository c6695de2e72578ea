#pragma once

#include "actors/partition/partition_log.hpp"

#include <caf/actor_clock.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace tidegate::actors {

/// Says where the partition's newest offset lies, for the log of mappings: when that changed, and not too often.
class mapping_reports {
 public:
  explicit mapping_reports(partition_log& log) : log_(log) {}

  /// The log is served. `is_last`: also when the one before is not long ago.
  void report(bool is_last);

 private:
  partition_log& log_;
  std::optional<caf::actor_clock::time_point> last_report_;
  std::pair<std::int64_t, std::int64_t> reported_{-1, -1};  // next offset and log start of that report
};

}  // namespace tidegate::actors
