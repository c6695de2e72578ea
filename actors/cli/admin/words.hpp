#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Times as people write and read them. All in milliseconds; instants since 1970, UTC.
namespace tidegate::cli {

/// "350 ms", "12.3 s", "5m 03s", "4h 05m", "30d 04h". Negative ones (a record from the future) are "0 ms".
std::string duration_words(std::int64_t ms);

/// 2026-11-25T19:40:11.123Z
std::string iso_time(std::int64_t ms);

/// ISO 8601 date and time: YYYY-MM-DD[THH:MM[:SS[.fff]]][Z|±HH:MM]; without a zone it is UTC, as in Kafka's own tool.
/// Nothing when it is none.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

/// ISO 8601 duration of days, hours, minutes and seconds: PnDTnHnMn.nS. At most 100 years. Nothing when it is none.
std::optional<std::int64_t> parse_iso_duration(std::string_view text);

}  // namespace tidegate::cli
