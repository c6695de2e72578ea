#pragma once

#include "smq/ports.hpp"

#include <cstdint>
#include <string>

namespace tidegate::smq {

/// How many bytes the segment files of a partition have; no session, no lease and no record is needed, so that nobody
/// has to own the partition. One list call per 256 files. Files that are not ours do not count.
/// Errors: every doubt of the port as it came; a partition that nobody wrote to has no directory and 0 bytes.
/// Thread: any; `done` runs once, on a thread of the engine or before this returns. `entries` must outlive it.
void log_bytes(entry_port& entries, std::string directory, time_point deadline,
               completion<result<std::uint64_t>> done);

}  // namespace tidegate::smq
