#pragma once

#include "actors/options.hpp"

namespace tidegate::actors {

/// Serves until SIGTERM or SIGINT. Returns the exit code: 0 after a clean stop, 1 on a runtime failure.
int run_gateway(const options& settings);

}  // namespace tidegate::actors
