#pragma once

#include "smq/fencing/formats.hpp"
#include "smq/ports.hpp"
#include "smq/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tidegate::smq {

/// What one call of session::write brought: it is stored as a whole, in one window.
struct write_unit {
  std::string owner;
  std::uint64_t session = 0;
  mutation_list::unit mutations;
  std::size_t bytes = 0;
  std::uint64_t chunk_bytes = 0;
  bool alone = false;  // was in a window that was refused: it gets one of its own
  completion<write_answer> done;
};

/// One transaction and whose writes are in it. It exists until its outcome is proven.
struct write_window {
  std::vector<write_unit> units;
  std::string before;  // the condition: the fence's content
  fence after;         // what the last mutation puts
  std::string after_content;
  int attempts = 0;
  bool has_prefix = false;    // of an attempt that was over, some units are applied
  bool in_doubt = false;      // an attempt may still arrive, or its answer proved nothing
  std::optional<fence> burn;  // set: given up, and this is what advances the fence without it
  std::string burn_content;
};

/// What a fence that was read back proves about a window.
enum class verdict : std::uint8_t {
  applied,         // all of it is stored
  burned,          // it can never be applied (again); a prefix may be there
  pending,         // the fence has not moved: it may be applied later
  applied_fenced,  // stored, and then somebody took the fence
  not_applied_fenced,
  rewound,  // the fence went back to an older write of its own chain: the store lost what it had acknowledged
  gone,     // no fence: taken and swept, or the store went back to before this node started
};

/// `observed`: the content of the fence, nullopt when it is proven absent.
verdict judge(const write_window& window, const std::optional<std::string>& observed);

/// Why these mutations may not be queued; nullopt: they may. One entry with a bad name must not stop a shard.
std::optional<std::string> why_not(const std::vector<mutation>& mutations);

/// All mutations of the units in order. A unit that only puts one entry without chunks is left out when the next unit
/// of its session does nothing but put the same entry: every prefix is still a state that its session asked for.
mutation_list mutations_of(const write_window& window);

/// Takes all units of the session out whose mutation is the `index`-th of mutations_of(). Empty: there is none.
std::vector<write_unit> leave_out(write_window& window, std::size_t index);

/// About how many bytes the mutations take in a transaction, without the chunks that they name.
std::size_t size_of(const std::vector<mutation>& mutations);

/// Of the chunks that they are the first to name.
std::uint64_t new_chunk_bytes_of(const std::vector<mutation>& mutations);

}  // namespace tidegate::smq
