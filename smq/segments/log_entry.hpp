#pragma once

#include "messages/common/planned_batch.hpp"
#include "messages/common/uuid.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// SMQ's stored message: [4-byte big-endian length][protobuf LogEntry], one per record batch.
/// Fields: ts_ns = 1 int64, partition_key_hash = 2 int32, data = 3 bytes, key = 4 bytes, offset = 5 int64.
namespace tidegate::smq {

/// Base offset and leader epoch, big-endian: unique, so that native subscribers can acknowledge it.
std::array<std::byte, 12> message_key(std::int64_t base_offset, std::int32_t leader_epoch);

/// Source: SeaweedFS, weed/util/bytes.go, HashToInt32: the first four bytes of the MD5, big-endian, as int32.
std::int32_t partition_key_hash(byte_view key);

/// The stored bytes of `batches` in order, as slices: a batch is never copied, heads and tails share one buffer.
/// Every batch must have at least 61 bytes (a v2 header) and its offsets must be what its header says.
std::vector<shared_bytes> encode_log_entries(const uuid& topic_id, std::int32_t partition,
                                             const std::vector<planned_batch>& batches);

/// A message as any SMQ publisher makes it: what native programs read in topics that hold no record batches.
struct plain_message {
  std::string key;
  std::string value;
  std::int64_t ts_ns = 0;
  std::int64_t message_number = 0;
};

/// The stored bytes of `messages` in order, with their 4-byte lengths.
byte_buffer encode_messages(const std::vector<plain_message>& messages);

/// Length of the longest head that peek_log_entry() may need: length, fields up to data, frame, start of the batch.
inline constexpr std::size_t log_entry_head_bytes = 128;

/// What the first bytes of a stored message tell.
struct log_entry_head {
  std::uint64_t stored_bytes = 0;  // with the 4-byte length
  std::int64_t ts_ns = 0;
  std::int64_t base_offset = 0;
};

/// A stored message whose frame, key and batch agree with each other and with the partition.
struct log_entry {
  std::size_t stored_bytes = 0;
  std::int64_t ts_ns = 0;
  std::int64_t message_number = 0;
  std::size_t batch_position = 0;  // in the bytes given to decode_log_entry()
  std::size_t batch_bytes = 0;
  std::int64_t base_offset = 0;
  std::int64_t next_offset = 0;
  std::int64_t max_timestamp = -1;
  std::int32_t leader_epoch = 0;
};

/// Total stored bytes of the message that starts here; nullopt when fewer than 4 bytes are there.
std::optional<std::uint64_t> stored_log_entry_bytes(byte_view bytes);

/// Reads the head of the message at the start of `bytes`, which may end behind the batch's first 21 bytes.
/// Errors: nullopt when it is not a message of this partition.
std::optional<log_entry_head> peek_log_entry(byte_view bytes, const uuid& topic_id, std::int32_t partition);

/// Reads and checks the whole message at the start of `bytes`: frame, key, batch length and the batch's CRC32C.
/// Errors: nullopt when it is truncated or anything disagrees.
std::optional<log_entry> decode_log_entry(byte_view bytes, const uuid& topic_id, std::int32_t partition);

}  // namespace tidegate::smq
