#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Record batches (format v2) as a client makes and takes them. Written apart from the gateway's own code for them.
namespace tidegate::cli::bench {

/// How many records with values of `value_bytes` bytes fit into a batch of `batch_bytes` bytes; at least one.
std::int32_t records_within(std::size_t batch_bytes, std::size_t value_bytes);

/// A batch of `records` records without keys, headers or compression. Their values do not compress.
byte_buffer make_batch(std::int32_t records, std::size_t value_bytes, std::int64_t timestamp_ms);

/// A batch of one record for each value, as above.
byte_buffer make_batch(const std::vector<std::string>& values, std::int64_t timestamp_ms);

struct producer_mark {
  std::int64_t producer_id = -1;
  std::int16_t epoch = -1;
  std::int32_t sequence = -1;  // of the batch's first record
};

/// Makes the batch one of that producer, and renews its CRC.
void set_producer(std::span<std::byte> batch, const producer_mark& mark);

/// The sequence `count` records behind `sequence`: Kafka's go from 2^31 − 1 to 0.
constexpr std::int32_t sequence_after(std::int32_t sequence, std::int32_t count) {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(count)) &
                                   0x7fff'ffffU);
}

/// What a walk over fetched batches found.
struct batches_read {
  std::int64_t next_offset = 0;  // behind the last record that was read
  std::int64_t records = 0;
  std::int64_t bytes = 0;        // of whole batches
  std::string problem;           // empty: all is well. Offsets that are missing, or come again, or what is no batch
};

/// Reads the headers of the batches that begin below `end`, of which the first must hold `position` and each other must
/// follow the one before. What is cut short at the end is left for the next fetch.
/// `checks_crcs`: reads every byte, too.
batches_read read_batches(byte_view fetched, std::int64_t position, std::int64_t end, bool checks_crcs);

/// A record in fetched batches.
struct found_record {
  std::int64_t offset = -1;  // −1: there is none in full
  byte_view value;           // of `fetched`; empty when it is null
  std::string problem;       // why it cannot be read: it is damaged, or compressed
};

/// The first record at `position` or behind it: what a consumer there is given. Checks the CRC of its batch.
found_record first_record_from(byte_view fetched, std::int64_t position);

}  // namespace tidegate::cli::bench
