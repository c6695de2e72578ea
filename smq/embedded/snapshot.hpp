#pragma once

#include <cstdint>
#include <string>

namespace tidegate::smq::embedded {

struct snapshot_report {
  std::string error;  // "" = done; else there is no `target`
  std::uint64_t volumes = 0;
  std::uint64_t linked_bytes = 0;  // of files that the copy shares with the original
  std::uint64_t copied_bytes = 0;
  std::uint64_t last_window = 0;  // everything up to it is in the copy
};

/// Makes `target`, a data directory that holds all that was acknowledged before the call, and whole windows only. The
/// original is not changed, and a node may run on it: it needs nothing from it but that files of full volumes never
/// change and the index has a state for every checkpoint. Durable before it is there under its name. Blocks.
/// Errors: no store, `target` is there already, or the original changed faster than it could be copied.
snapshot_report take_snapshot(const std::string& data_dir, const std::string& target);

}  // namespace tidegate::smq::embedded
