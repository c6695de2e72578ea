#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/uuid.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace tidegate::smq {

/// What stands before every batch in `LogEntry.data`, so that bytes of another partition, topic or time are never
/// served as ours. Layout (design §10): "TGB1" 4, version 1, kind 1, flags 2, topic id 16, partition 4, ts_ns 8,
/// CRC32C 4 of the 36 bytes before it and the first 21 bytes of the batch (everything its own CRC leaves out).
struct frame {
  static constexpr std::size_t size = 40;
  static constexpr std::size_t covered_batch_bytes = 21;

  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t ts_ns = 0;
  friend bool operator==(const frame&, const frame&) = default;
};

/// `batch` must have at least frame::covered_batch_bytes bytes.
std::array<std::byte, frame::size> encode_frame(const frame& f, byte_view batch);

/// `data`: the frame and at least the first 21 bytes of its batch.
/// Errors: nullopt when bytes are missing, magic, version or kind is not ours, a flag is set, or the CRC is wrong.
std::optional<frame> decode_frame(byte_view data);

}  // namespace tidegate::smq
