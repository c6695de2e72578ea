#pragma once

#include <string>
#include <vector>

namespace tidegate::actors {

/// Runs the program with its arguments (without the program's name).
/// Returns the exit code: 0, 1 runtime failure, 2 usage or config.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace tidegate::actors
