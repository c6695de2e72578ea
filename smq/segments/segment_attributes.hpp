#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::smq {

inline constexpr std::uint8_t segment_attributes_version = 2;

/// What a segment's entry says about its content, so that no load and no look-up by offset needs its data.
/// Stored as SMQ's `buffer_start`, `offset_min`, `offset_max` (message numbers, 8-byte big-endian) and our `tg.seg`:
/// version 2 · base offset 8 · next offset 8 · first and last ts_ns 8 + 8 · largest record timestamp 8 (ms, -1: none) ·
/// leader epoch 4 · topic id 16 · partition 4 · bytes of all chunks 8 · CRC32C 4 of the bytes before it, offset_min and
/// offset_max. Unknown trailing bytes are ignored. Version 1 had neither bytes nor CRC.
struct segment_attributes {
  std::int64_t base_offset = 0;
  std::int64_t next_offset = 0;
  std::int64_t first_ts_ns = 0;
  std::int64_t last_ts_ns = 0;
  std::int64_t max_timestamp = -1;
  std::int32_t leader_epoch = 0;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t first_message_number = 0;
  std::int64_t last_message_number = 0;
  std::optional<std::uint64_t> size_bytes;  // none in version 1
  friend bool operator==(const segment_attributes&, const segment_attributes&) = default;
};

std::map<std::string, std::string> encode_segment_attributes(const segment_attributes& attributes);

/// Our `tg.seg`, which begins with its version; "": there is none.
std::string_view own_attribute(const std::map<std::string, std::string>& stored);

/// Errors: nullopt when an attribute is missing, too short, of another major version, or contradicts itself.
std::optional<segment_attributes> decode_segment_attributes(const std::map<std::string, std::string>& stored);

}  // namespace tidegate::smq
