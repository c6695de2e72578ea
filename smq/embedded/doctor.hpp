#pragma once

#include "smq/census.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Looking at a data directory without changing a byte of it.
namespace tidegate::smq::embedded {

struct examination {
  std::string refused;  // nothing was looked at: no store (then it says what a start would do), or a node runs on it
  std::string start_refuses;  // what a start would say, and change nothing
  std::string cut_at;         // where a torn tail begins that a start would drop; "": nowhere
  std::uint64_t cut_bytes = 0;
  std::uint64_t volumes = 0;
  std::uint64_t volume_bytes = 0;
  std::uint64_t live_bytes = 0;
  bool lacks_index = false;  // a start would build it from all windows
  std::string replay_from;  // "volume, position"
  std::uint64_t replay_windows = 0;
  std::uint64_t replay_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t chunks = 0;  // that they name
  census::totals tree;
  std::vector<problem_report> damage;  // the first of them
  std::uint64_t damages = 0;

  [[nodiscard]] bool is_fine() const { return start_refuses.empty() && damages == 0; }
};

/// What a start would find, every entry, every byte that an entry names, and whether the index could be built again from
/// the windows that are there. Blocks, as long as reading all of it takes;
/// a node that is started meanwhile says that the directory is in use. Memory: of what is replayed; without an index, of
/// all entries.
examination examine(const std::string& data_dir);

}  // namespace tidegate::smq::embedded
