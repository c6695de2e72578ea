#pragma once

#include "actors/cli/soak_client.hpp"
#include "actors/cli/soak_log.hpp"

#include <cstdint>

namespace tidegate::cli {

/// A promise that was broken.
struct violation {
  std::string reader;  // a group, or the reader of everything
  std::int32_t partition = 0;
  std::string wanted;
  std::string got;
};

/// A consumer group of the soak: it keeps nothing between two visits but what it knows to have committed.
struct soak_group {
  std::string name;
  std::string instance;                // its group.instance.id; empty: a dynamic member
  std::vector<std::int64_t> position;  // of each partition; −1: never committed
  std::int64_t away_until = 0;         // the first cycle in which it is back
};

struct visit_result {
  std::vector<violation> violations;
  std::int64_t records = 0;
};

/// Reads every partition from where its log was last known to end to where it ends now, and tells the logs. Nothing may
/// be on its way.
/// Errors: soak_failure. Thread: one at a time.
visit_result audit(const soak_place& place, std::vector<partition_log>& logs);

/// A group comes back with auto.offset.reset=error (earliest as long as it never committed), must be told the positions
/// that it committed and get every record behind them, in order and once, up to the end; then it commits `next` and
/// leaves.
/// When it stops early, for a violation or because the soak stops, the group's position is unchanged.
/// Errors: soak_failure. Thread: any; each group on one.
visit_result visit(const soak_place& place, const std::vector<partition_log>& logs, soak_group& group,
                   const std::vector<std::int64_t>& next);

}  // namespace tidegate::cli
