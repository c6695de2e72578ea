#pragma once

#include <cstddef>

namespace tidegate::actors {

/// Raises the process's limit of open files as far as it may (RLIMIT_NOFILE: the soft limit to the hard one).
/// Returns how many connections of clients that leaves room for, beside the store's files and what else a node opens.
/// Thread: any; a limit that somebody changes meanwhile may be taken back.
std::size_t raise_descriptor_limit();

}  // namespace tidegate::actors
