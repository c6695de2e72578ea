#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

#include <string>

namespace tidegate::smq::seaweedmq {

/// The address of the filer to use: `wanted.filer`, or the only filer of the group that the masters' leader lists.
/// Several filers are refused: conditions are exact within one filer process, so one must be named for all nodes.
/// Asks master after master until the deadline. Thread: blocks the caller; not for actors.
/// Errors: refused (nothing to ask, a bad address, TLS files, several filers), unknown (nobody knew one in time).
result<std::string> find_filer(const options& wanted, time_point deadline);

/// The address of the masters' leader. Asks, blocks and fails as find_filer does.
result<std::string> find_leader(const options& wanted, time_point deadline);

}  // namespace tidegate::smq::seaweedmq
