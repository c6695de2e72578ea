#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/epoch_start.hpp"
#include "messages/common/uuid.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::smq {

/// Offsets [from, to) that storage lost and nobody will use again; a fetch inside goes on at `to`.
struct offset_gap {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int32_t epoch = 0;
  friend bool operator==(const offset_gap&, const offset_gap&) = default;
};

/// The offset itself, or the end of the declared gap that it lies in.
std::int64_t behind_gaps(const std::vector<offset_gap>& gaps, std::int64_t offset);

/// A place in a partition's list of segments: names sort by (second, base offset), and so do offsets. No file needs to
/// have this name.
struct segment_mark {
  std::int64_t name_second = 0;
  std::int64_t base_offset = 0;
  friend auto operator<=>(const segment_mark&, const segment_mark&) = default;
};

inline constexpr std::uint8_t partition_entry_version = 2;

/// What `tidegate.offset` in the partition directory holds: written on creation, roll, trim and clean close.
/// Layout: version 2 · topic id 16 · partition 4 · log start 8 · lower bound of the next offset 8 · lower bound of the
/// next message number 8 · last ts_ns 8 · epoch count 4, each 4 + 8 · gap count 4, each 8 + 8 + 4 · snapshot offset 8
/// (-1: none) · snapshot length 4 and bytes · mark count 2, each 8 + 8 · CRC32C 4 of the bytes before it. Unknown
/// trailing bytes are ignored. Version 1 had neither marks nor CRC.
struct partition_entry {
  /// 2000 producers that wrote five batches each. An entry is rewritten as a whole, with every roll, and the filer logs
  /// every rewrite twice.
  static constexpr std::size_t max_snapshot_bytes = 256U << 10U;
  static constexpr std::size_t max_marks = 256;

  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t log_start = 0;
  std::int64_t next_offset = 0;
  std::int64_t next_message_number = 0;
  std::int64_t last_ts_ns = 0;
  std::vector<epoch_start> epochs;  // both ascending
  std::vector<offset_gap> gaps;     // ascending, disjoint
  std::int64_t snapshot_offset = -1;
  byte_buffer snapshot;  // of the producer state, as its owner encodes it
  std::vector<segment_mark> marks;  // ascending
  friend bool operator==(const partition_entry&, const partition_entry&) = default;
};

std::string encode_partition_entry(const partition_entry& e);

/// Errors: nullopt when bytes are missing, the version is not ours, or lists are not ascending.
std::optional<partition_entry> decode_partition_entry(std::string_view content);

}  // namespace tidegate::smq
