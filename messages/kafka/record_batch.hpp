#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/error_code.hpp"
#include "messages/common/refused_times.hpp"
#include "messages/kafka/compression.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Record batches of format v2 (magic 2, KIP-98), the only ones that tidegate takes and stores.
namespace tidegate::kafka {

inline constexpr std::size_t batch_header_size = 61;
inline constexpr std::size_t batch_size_prefix = 12;  // base offset and batch length, which the length does not count

/// The fields of a batch's header, in wire order.
struct batch_header {
  std::int64_t base_offset = 0;
  std::int32_t batch_length = 0;  // bytes after this field
  std::int32_t leader_epoch = -1;
  std::int8_t magic = 2;
  std::uint32_t crc = 0;  // of everything from the attributes on
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp = -1;
  std::int64_t max_timestamp = -1;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::int32_t record_count = 0;

  [[nodiscard]] std::uint8_t codec() const { return static_cast<std::uint8_t>(attributes & 7); }
  [[nodiscard]] bool is_log_append_time() const { return (attributes & 8) != 0; }
  [[nodiscard]] bool is_transactional() const { return (attributes & 16) != 0; }
  [[nodiscard]] bool is_control() const { return (attributes & 32) != 0; }
  [[nodiscard]] std::int64_t next_offset() const { return base_offset + last_offset_delta + 1; }
  friend bool operator==(const batch_header&, const batch_header&) = default;
};

/// The header, unchecked but for its size: nullopt when `batch` is shorter than a header.
std::optional<batch_header> read_batch_header(byte_view batch);

struct batch_limits {
  std::size_t max_batch_bytes = 1'048'588;  // Kafka's max.message.bytes: 1 MiB and the 12 bytes of the size prefix
  bool checks_record_timestamps = true;  // false with message.timestamp.type=LogAppendTime, which replaces them
  std::int64_t min_timestamp = std::numeric_limits<std::int64_t>::min();  // ms; message.timestamp.before.max.ms
  std::int64_t max_timestamp = std::numeric_limits<std::int64_t>::max();  // ms; message.timestamp.after.max.ms
  decompression_limits decompression;
  std::size_t trial_bytes = std::numeric_limits<std::size_t>::max();  // decompressed for a check that may come again
};

/// What validate_batch() found; the header is set only when `error` is none.
struct batch_check {
  error_code error = error_code::none;
  std::string_view reason;  // static text for the response's error message; "" when there is no error
  batch_header header;
  std::int64_t max_timestamp = -1;       // as the records say
  std::int32_t max_timestamp_delta = 0;  // offset delta of the first record that has it
  bool is_cut_short = false;             // by `trial_bytes`; nothing else here means anything
  std::shared_ptr<const refused_times> out_of_range;  // with invalid_timestamp; null: it is not the times of records
};

/// Checks what a Produce request (v3 or later) carries for one partition, as Kafka's broker does.
/// Errors: invalid_record (other magic, no batch or more than one, control batch, fields or records that contradict
/// each other), corrupt_message (size, CRC), message_too_large, unsupported_compression_type, invalid_timestamp,
/// invalid_txn_state (transactional: there are no transactions). That old versions may not carry zstd (KIP-110) is the
/// handler's to say.
batch_check validate_batch(byte_view records, const batch_limits& limits);

/// A stored batch once more: sizes, magic, CRC, count. The header, or nullopt when any of it is wrong.
std::optional<batch_header> check_stored_batch(byte_view batch);

/// Whole batches in `records`, as slices, up to the first that is incomplete or no v2 batch. `rest`, when given,
/// receives the number of bytes that belong to none.
std::vector<shared_bytes> split_batches(const shared_bytes& records, std::size_t* rest = nullptr);

// In place, for the one owner of a batch; all take at least a whole header. The first two are outside the CRC.
void set_base_offset(std::span<std::byte> batch, std::int64_t base_offset);
void set_leader_epoch(std::span<std::byte> batch, std::int32_t leader_epoch);

/// Makes `timestamp_ms` the time of all records (message.timestamp.type=LogAppendTime) and renews the CRC.
void set_log_append_time(std::span<std::byte> batch, std::int64_t timestamp_ms);

/// Corrects the largest timestamp, which clients may leave unset, and renews the CRC; does nothing if it is right.
void set_max_timestamp(std::span<std::byte> batch, std::int64_t timestamp_ms);

struct timestamped_offset {
  std::int64_t offset = -1;
  std::int64_t timestamp = -1;  // ms
  friend bool operator==(const timestamped_offset&, const timestamped_offset&) = default;
};

/// The first record of a stored batch whose timestamp is at least `timestamp_ms` and whose offset at least `from`;
/// nullopt: none, or it cannot be read.
std::optional<timestamped_offset> find_by_timestamp(byte_view batch, std::int64_t timestamp_ms, std::int64_t from = 0,
                                                    const decompression_limits& limits = {});

/// Of the records of a stored batch whose offset is at least `from`, the first with their largest timestamp; nullopt: none,
/// or they cannot be read.
std::optional<timestamped_offset> find_max_timestamp(byte_view batch, std::int64_t from = 0,
                                                     const decompression_limits& limits = {});

}  // namespace tidegate::kafka
