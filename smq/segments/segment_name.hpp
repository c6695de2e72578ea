#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::smq {

/// `YYYY-MM-DD-HH-MM-SS.<20-digit base offset>`, UTC. Byte order of names = order of (second, base offset).
/// `second`: Unix time, years 1970 to 9999.
std::string segment_name(std::int64_t second, std::int64_t base_offset);

struct segment_name_parts {
  std::int64_t second = 0;
  std::int64_t base_offset = 0;
  friend bool operator==(const segment_name_parts&, const segment_name_parts&) = default;
};

/// nullopt for everything that segment_name() does not make: a native broker's file has no suffix.
std::optional<segment_name_parts> parse_segment_name(std::string_view name);

/// The name second of a new file whose first message has `first_ts_ns`: the last second of the span (whole multiples of
/// `span_seconds`) that it is in, never before the newest file's. A name is never older than a message inside, because a
/// native RESUME skips files with older names (design §6.3).
/// `newest_name_second`: of the newest file of the partition; -1 when there is none.
std::int64_t name_second_for(std::int64_t first_ts_ns, std::int64_t span_seconds, std::int64_t newest_name_second);

/// Decided by ts_ns, never by the clock.
inline bool fits_name_second(std::int64_t ts_ns, std::int64_t name_second) {
  return ts_ns / 1'000'000'000 <= name_second;
}

}  // namespace tidegate::smq
