#pragma once

#include "smq/segments/log.hpp"

#include <cstdint>
#include <limits>

/// Raising the log start of a partition (design §6.4, §6.5). Whole files below it go, the newest never: it says where the
/// log goes on. A file that is only partly below stays, and nothing below the log start is served.
/// The partition entry comes first in the unit, so every prefix is valid: files below the log start that are still there
/// are found by the next load, and go with the next unit.
namespace tidegate::smq {

/// One unit of a trim.
struct trim_plan {
  std::int64_t log_start = 0;
  std::size_t segments = 0;  // how many go with it: the oldest
  std::uint64_t bytes = 0;   // of these
};

/// The first unit that raises the log start to `log_start` (clamped to [log.log_start, log.next_offset]); it deletes at
/// most `max_segments` files. What is left below goes with the plans after it. All files below it are listed.
trim_plan plan_trim(const log_state& log, std::int64_t log_start,
                    std::size_t max_segments = std::numeric_limits<std::size_t>::max());

/// Whether the plan changes anything.
bool is_needed(const log_state& log, const trim_plan& plan);

/// What the session has to write for a plan: the partition entry if the log start moves, then the deletes, oldest first.
/// Until its outcome is known nothing may write the partition entry or merge files: both would carry the old log start.
std::vector<mutation> trim_mutations(const log_state& log, const partition_place& place, const trim_plan& plan);

/// The log after the unit is written. In between nothing but appends may have been applied. Epochs and declared gaps that
/// end below the log start are forgotten; the epoch that holds it begins there, as in Kafka.
void apply_trim(log_state& log, const trim_plan& plan);

}  // namespace tidegate::smq
