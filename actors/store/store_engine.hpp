#pragma once

#include "actors/settings/options.hpp"
#include "smq/ports.hpp"
#include "smq/segments/plan_merge.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::actors {

/// The engine that `smq.engine` names, and the few numbers in which engines differ. Nothing above the ports knows more.
struct store_engine {
  store_engine(std::shared_ptr<void> all_of_it, smq::engine both) : owner(std::move(all_of_it)), ports(both) {}

  std::shared_ptr<void> owner;  // the ports live as long as it does
  smq::engine ports;
  std::uint16_t shards = 1;
  std::size_t max_window_mutations = 0;
  std::size_t max_window_bytes = 0;
  std::uint64_t max_window_chunk_bytes = 0;
  smq::append_options segments;
  std::size_t appends_at_once = 1;  // of a partition
  std::size_t overlap_bytes = 0;    // that wait for a second one
  smq::merge_rules merges;
  std::size_t merges_at_once = 1;
  std::function<void(const smq::chunk_id&)> release;  // see store_access
  std::function<void(const std::string& cluster_id)> mark_uploads = [](const std::string&) {};
  std::chrono::milliseconds start_timeout{60'000};    // of the steps that make this process a member
  std::chrono::milliseconds look_every{0};            // see shard_options
  bool has_native_subscribers = true;                 // see store_access
  std::function<std::uint64_t()> free_bytes;          // of the disk under it; unset: it has none of its own
  std::uint64_t reserve_bytes = 0;                    // records are refused while less is free
  /// Whether the store keeps what it is given: answered once, with what is wrong, "" or nullopt (not known). Unset: it
  /// has no rules of its own.
  std::function<void(std::function<void(std::optional<std::string>)>)> ask_about_rules;
  std::string address;                                // of a store elsewhere; "" = in this process
  bool address_is_named = false;                      // by the operator
};

/// Blocks. Null: `error` says why.
std::unique_ptr<store_engine> open_engine(const options& settings, std::string& error);

}  // namespace tidegate::actors
