#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

/// Which records may go (design §6.5): Kafka's retention.ms and retention.bytes over whole files, and our protection of
/// what groups have not read. Doubt keeps.
namespace tidegate::core {

/// The rules of one topic; -1: no limit.
struct retention_rules {
  std::int64_t retention_ms = -1;
  std::int64_t retention_bytes = -1;
  bool protects_groups = true;      // what a group has not read stays,
  std::int64_t protect_max_ms = -1;  // unless its records are older than this

  [[nodiscard]] bool keeps_for_ever() const { return retention_ms < 0 && retention_bytes < 0; }
  friend bool operator==(const retention_rules&, const retention_rules&) = default;
};

/// A file of the log as the rules see it.
struct retained_segment {
  std::int64_t next_offset = 0;
  std::int64_t largest_timestamp_ms = 0;  // of its records; when the last one was stored, if no record has one
  std::int64_t last_ts_ns = 0;            // of its newest message
  std::uint64_t bytes = 0;
};

/// How far the groups of a partition have read, each at least so far.
struct read_positions {
  std::int64_t lowest_offset = std::numeric_limits<std::int64_t>::max();    // of Kafka groups
  std::int64_t lowest_value_ns = std::numeric_limits<std::int64_t>::max();  // of native subscribers: messages up to it
  bool is_unclear = false;  // one of them cannot be read: nobody is known to have read anything
};

enum class retention_reason : std::uint8_t { none, retention_ms, retention_bytes };

struct retention_verdict {
  std::int64_t log_start = 0;  // where it shall be
  std::size_t segments = 0;    // that end at or below it
  retention_reason reason = retention_reason::none;
  bool is_held = false;           // a group has not read more that might go
  std::int64_t look_again_ms = 0;  // nothing changes before, unless the rules or the files do
};

/// `segments`: those that end above `log_start`, ascending, the newest last. The newest counts like any other: its file
/// stays, but the log start may move behind it, as Kafka rolls and deletes an active segment that is too old.
/// Source: Kafka's UnifiedLog.deleteOldSegments: the oldest goes while its largest timestamp is older than retention.ms,
/// or while the rest is at least retention.bytes.
retention_verdict decide_retention(const retention_rules& rules, std::int64_t log_start,
                                   std::span<const retained_segment> segments, const read_positions& positions,
                                   std::int64_t now_ms);

}  // namespace tidegate::core
