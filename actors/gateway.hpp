#pragma once

#include "actors/settings/options.hpp"

#include <functional>

namespace tidegate::actors {

/// Serves until SIGTERM or SIGINT. On SIGHUP it calls `read_again`, and what may change while it runs changes.
/// Returns the exit code: 0 after a clean stop, 1 on a runtime failure.
int run_gateway(const options& settings, const std::function<loaded_options()>& read_again);

}  // namespace tidegate::actors
