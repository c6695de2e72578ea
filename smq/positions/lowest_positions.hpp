#pragma once

#include "smq/positions/positions.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tidegate::smq {

/// How far the readers of a partition have come, at least: Kafka groups and native subscribers.
struct lowest_positions {
  std::optional<std::int64_t> offset;    // of those with an exact Kafka offset
  std::optional<std::int64_t> value_ns;  // of those that a native subscriber moved: it has every message up to it
  std::size_t damaged = 0;               // so many cannot be read: they are no positions, or another topic's
  std::string first_damaged;             // of these: what is wrong, with its path
  friend bool operator==(const lowest_positions&, const lowest_positions&) = default;
};

/// How a long walk shares its thread with whoever else waits for it. Thread: any that the port answers on.
struct walk_pace {
  std::function<time_point()> deadline;  // of the page that is read next
  /// Called every few pages: runs what it is given, once and after it returned, or never if its owner has gone; whoever
  /// else wants the thread comes first.
  std::function<void(std::function<void()>)> later;
};

/// Reads every position of the partition, page after page; what is no `*.offset` is not one. Thread: any.
/// Errors: the port's, as they came; never for a position that is damaged.
void find_lowest_positions(entry_port& entries, const position_place& place, walk_pace pace,
                           completion<result<lowest_positions>> done);

}  // namespace tidegate::smq
