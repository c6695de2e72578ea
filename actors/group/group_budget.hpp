#pragma once

#include "messages/common/counter.hpp"
#include "messages/common/live.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tidegate::actors {

/// What the groups with members hold together, as core::group::held_bytes counts it; each coordinator has its share in
/// `held`. Those that ask for room at the same time may all get it: what is too much is at most one member of each.
/// Thread: any.
struct group_budget {
  live<std::int64_t> most = 268'435'456;  // limits.node_group_bytes
  gauge held;

  /// For who is new.
  [[nodiscard]] std::size_t room() const { return left_of(most); }

  /// For members that say more than before: an eighth beyond, because a round waits for them and then goes on without.
  [[nodiscard]] std::size_t room_of_members() const { return left_of(most + most / 8); }

 private:
  [[nodiscard]] std::size_t left_of(std::int64_t bytes) const {
    return static_cast<std::size_t>(std::max<std::int64_t>(bytes - held.value(), 0));
  }
};

}  // namespace tidegate::actors
