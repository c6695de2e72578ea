#pragma once

#include "smq/fencing/formats.hpp"
#include "smq/ports.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace tidegate::smq {

struct node_options {
  std::int32_t node_id = 1;  // node.id: what clients see
  std::vector<std::string> addresses;
  std::uint16_t shard_count = 1;  // 1 on embedded
  std::string store_address;      // of the one filer that all nodes use; "" where there is nothing to choose
  bool address_is_named = false;  // by the operator, who may change it; else it must be the same as ever
  std::chrono::milliseconds port_timeout{5000};
  std::chrono::milliseconds start_timeout{60000};  // without an answer, 15 times that for everything; then `unknown`
  std::chrono::milliseconds first_backoff{10};
  std::function<time_point()> now = [] { return std::chrono::steady_clock::now(); };
  std::function<void(std::chrono::milliseconds)> pause;  // unset: blocks the calling thread
};

/// Who this process is, from its start to its end.
struct node_identity {
  uuid incarnation;
  std::int32_t node_id = 1;
  std::uint64_t view_version = 0;  // of the view that made us a member: the base of leader epochs
  std::string cluster_id;          // 22 characters, the same for ever
  std::vector<fence> shards;       // our own fences as they are stored, by shard
  view_entry view;
  bool is_first = false;  // the store was empty: nobody was there before
};

/// Makes this process the only member of a new active view (design §8): takes every fence of the members before us, so
/// that nothing they sent can be applied any more, writes our own fences, then the view.
/// Errors: refused (the store said no, or an entry is damaged or lost: `reason`), unknown (the store did not answer in time).
/// Thread: blocks the caller; not for actors.
result<node_identity> start_node(entry_port& entries, const node_options& options, const uuid& incarnation,
                                 const uuid_source& random);

}  // namespace tidegate::smq
