#pragma once

#include "smq/segments/log.hpp"

#include <set>
#include <string>
#include <vector>

/// Lists segment files: all of a partition, or a range of its names.
namespace tidegate::smq {

struct listed_segments {
  std::vector<segment> segments;   // ascending, those that a merged one stands for among them
  std::set<std::string> replaced;  // names of files that a merged one stands for
  std::size_t foreign_files = 0;   // that are not ours
};

/// Errors: damaged() (a file that is not a segment of this partition); every doubt of the port as it came.
/// Thread: any; `done` runs once, on a thread of the engine or before this returns. `entries` must outlive it.
void list_segments(entry_port& entries, const partition_place& place, const segment_range& range, time_point deadline,
                   completion<result<listed_segments>> done);

/// The range to list next for the segment that holds `offset`, or the first one behind it where a gap is declared.
/// nullopt: it is listed, or there is none. An offset below the log start counts as the log start.
std::optional<segment_range> unlisted_for(const log_state& log, std::int64_t offset);

/// The newest ranges that are not listed and lie next to each other, as one. nullopt: all is listed.
std::optional<segment_range> newest_unlisted(const log_state& log);

/// The oldest ranges that are not listed and begin below `offset`, as one as far as they lie next to each other. nullopt:
/// all below it is listed.
std::optional<segment_range> unlisted_below(const log_state& log, std::int64_t offset);

/// Puts what was found in `range` where it belongs; all of it is listed from now on. Files of which a merged one is left
/// are forgotten and become leftovers.
/// Errors: damaged() (segments that overlap); then `log` is as it was.
outcome add_listed(log_state& log, const segment_range& range, listed_segments found);

/// There is something between these two neighbours in `log.segments` that nobody has listed.
bool is_unlisted_between(const log_state& log, const segment& before, const segment& after);

/// The marks of a log to which `segments` were added last: one for every `segments_per_mark`, the older ones sparser.
void add_marks(log_state& log);

inline constexpr std::size_t segments_per_mark = 32;

}  // namespace tidegate::smq
