#pragma once

#include "actors/partition/partition_log.hpp"

#include <cstdint>
#include <optional>

/// What a log that is served says about its producers, for the load of the next actor. Thread: the actor's.
namespace tidegate::actors {

/// For the age of producers. Nothing: an earlier process may have written just now, by another clock, and nobody is
/// forgotten yet.
std::optional<std::int64_t> producers_now_ms(const partition_log& log);

/// Into the log's state, for the next partition entry.
void take_snapshot(partition_log& log);

/// Every batch that may still come again is in a snapshot that is taken now.
bool snapshot_tells_all(partition_log& log);

}  // namespace tidegate::actors
