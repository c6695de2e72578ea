#pragma once

#include "actors/options.hpp"
#include "smq/ports.hpp"
#include "smq/segments/merge_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tidegate::actors {

/// The engine that `smq.engine` names, and the few numbers in which engines differ. Nothing above the ports knows more.
struct store_engine {
  std::shared_ptr<void> owner;  // the ports live as long as it does
  smq::engine ports;
  std::uint16_t shards = 1;
  std::size_t max_window_mutations = 0;
  std::size_t max_window_bytes = 0;
  std::uint64_t max_window_chunk_bytes = 0;
  smq::append_options segments;
  smq::merge_rules merges;
};

/// Blocks. Null: `error` says why.
std::unique_ptr<store_engine> open_engine(const options& settings, std::string& error);

}  // namespace tidegate::actors
