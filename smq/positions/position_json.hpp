#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The content of SMQ's own position file (weed/mq/offset/consumer_group_storage.go).
namespace tidegate::smq {

struct position_json {
  std::int64_t value = 0;  // ns: where a native subscriber goes on
  std::int64_t committed_at_ms = 0;
  std::string metadata;
  friend bool operator==(const position_json&, const position_json&) = default;
};

/// Compact, in SMQ's field order. Bytes of `metadata` that are not UTF-8 become U+FFFD: JSON cannot hold them.
std::string write_position_json(const position_json& position);

/// One object with the integer "value"; other known fields are optional, unknown ones are skipped.
/// nullopt: anything else, also a duplicate field, a fraction, a number out of range, more than 512 KiB.
std::optional<position_json> read_position_json(std::string_view content);

}  // namespace tidegate::smq
