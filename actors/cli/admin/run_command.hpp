#pragma once

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/admin/output.hpp"

#include <functional>

namespace tidegate::cli {

inline constexpr std::int64_t longest_timeout_ms = 3'600'000;

/// A command that talks to a cluster; answers its exit code.
using cluster_command = std::function<int(cluster&, const output&)>;

/// Runs it with standard output and error, and answers the exit code: what it says, 1 for a kafka_failure, 2 for a
/// usage_failure; the line of either is on standard error.
/// Thread: main.
int run_command(const cluster_command& command, const cluster_options& where, bool is_json);

}  // namespace tidegate::cli
