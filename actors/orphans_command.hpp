#pragma once

#include "actors/cli/admin/output.hpp"
#include "actors/settings/options.hpp"

#include <chrono>

namespace tidegate::actors {

/// What --json prints, for the help.
constexpr auto orphans_keys =
  R"("orphans": [{"chunk", "bytes", "uploaded_ms", "servers": [], "deleted"}], "volumes", "chunks", "entries", "young", )"
  R"("foreign", "doubts": [])";

/// `tidegate orphans`: shows, or deletes, uploads of gateways that no entry names. See smq/seaweedmq/orphans/sweep.hpp.
/// Exit code: 1 when anything is in doubt, 2 without masters. Thread: main; blocks.
int run_orphans(const options& settings, std::chrono::seconds older_than, bool deletes, const cli::output& to);

}  // namespace tidegate::actors
