#pragma once

#include "actors/cli/admin/output.hpp"

#include <string>

/// Commands that look at a data directory instead of speaking to a node. Thread: the caller's; they block.
namespace tidegate::actors {

/// 0: fine, 1: damaged, or a start would refuse; 2: there is nothing to look at, or a node runs on it.
int run_doctor(const std::string& data_dir, const cli::output& to);

/// 0: `target` is a copy; 1: it could not be made.
int run_snapshot(const std::string& data_dir, const std::string& target, const cli::output& to);

}  // namespace tidegate::actors
