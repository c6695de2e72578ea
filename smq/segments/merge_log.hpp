#pragma once

#include "smq/segments/log.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Merging closed segment files that plan_merge() chose. Records are copied, never changed: message bytes stay as they are,
/// only files and chunks get fewer.
/// A merged file names its sources (`tg.src`): a crash between its PUT and their deletes leaves sources that load_log()
/// recognises, so every prefix of the transaction is valid.
namespace tidegate::smq {

/// Runs what it is given later, never before it returns, one after the other; or never, if its owner has gone.
using run_later = std::function<void(std::function<void()>)>;

/// Copies the sources' messages into new chunks, checking every message; nothing names the chunks yet.
/// Reads a few chunks at once and goes on through `later` after every one: an engine that answers at once must not keep a
/// thread for all of it.
/// Errors: damaged(); absent (a source is gone); the port's doubts as they came. Then too the value is
/// what was copied: nobody will ever name it.
/// Thread: any; `done` runs at most once, before this returns or where `later` runs things. `chunks` outlives it.
void copy_segments(chunk_port& chunks, const partition_place& place, std::vector<segment> sources,
                   std::uint64_t max_chunk_bytes, time_point deadline, run_later later,
                   completion<result<std::vector<chunk_ref>>> done);

/// The file that stands for all `sources` (not empty): the name second of the last, the base offset of the first.
segment merged_segment(const partition_place& place, const std::vector<segment>& sources,
                       std::vector<chunk_ref> copied);

/// One unit: the partition entry (it keeps the leader epochs of the sources), the merged file, the deletes.
/// Empty: a source is not in the log any more, so nothing may be written.
std::vector<mutation> merge_mutations(const log_state& log, const partition_place& place,
                                      const std::vector<segment>& sources, const segment& merged);

/// The log after the unit is written. Nothing may be trimmed between merge_mutations() and this, and nothing merged
/// while a trim is undecided: the unit writes the log start as it was when it was planned.
/// Errors: throws std::logic_error when the sources are not in the log (a bug of the caller).
void apply_merge(log_state& log, const std::vector<segment>& sources, const segment& merged);

/// The names in a merged file's `tg.src`, its own left out; empty for every other file.
/// Errors: nullopt when the attribute is damaged.
std::optional<std::vector<std::string>> merged_names(const entry& e);

}  // namespace tidegate::smq
