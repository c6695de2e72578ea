// What Produce carries and what the store reads back. Input: flags 1 (see below), then the batch, whose length and CRC
// are put right unless the flags say no: otherwise nothing would get past them.
#include "messages/common/crc32c.hpp"
#include "messages/kafka/record_batch.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <array>

using namespace tidegate;
using namespace tidegate::kafka;

namespace {

constexpr unsigned leaves_length = 1, leaves_crc = 2, replaces_timestamps = 8, starts_high = 16;  // 4 was another
constexpr decompression_limits small{.max_output_bytes = 1 << 20};

void put(std::span<std::byte> at, std::uint32_t value) {
  for (std::size_t i = 4; i-- > 0; value >>= 8U) at[i] = static_cast<std::byte>(value);
}

void put_right(std::span<std::byte> batch, unsigned flags) {
  if (batch.size() < batch_header_size) return;
  if ((flags & leaves_length) == 0) put(batch.subspan(8, 4), static_cast<std::uint32_t>(batch.size() - 12));
  if ((flags & leaves_crc) == 0) put(batch.subspan(17, 4), crc32c(batch.subspan(21)));
}

/// A batch that Produce takes gets its place in the log, and is found there.
void append_and_find(std::span<std::byte> batch, const batch_check& found, unsigned flags) {
  const auto count = found.header.record_count;
  const std::int64_t base = (flags & starts_high) != 0 ? 0x7fff'ffff'ffff'ffff - count : 7;
  set_base_offset(batch, base);
  set_leader_epoch(batch, 3);
  set_max_timestamp(batch, found.max_timestamp);
  const auto stored = check_stored_batch(batch);
  fuzz::require(stored && stored->next_offset() == base + count, "what was taken is stored with its offsets");
  const auto newest = find_max_timestamp(batch, 0, small);
  fuzz::require(newest && newest->timestamp == found.max_timestamp, "the newest record is found");
  if (!stored->is_log_append_time())
    fuzz::require(newest->offset == base + found.max_timestamp_delta, "the newest record has its offset");
  const auto first = find_by_timestamp(batch, found.max_timestamp, base, small);
  fuzz::require(first && first->offset >= base && first->offset < base + count, "a record is found by its time");
  set_log_append_time(batch, 99);
  fuzz::require(find_max_timestamp(batch, 0, small)->timestamp == 99, "LogAppendTime is the time of all records");
}

void decompress(byte_view bytes) {
  for (std::uint8_t codec = 1; codec <= last_compression; ++codec) {
    const auto source = make_decompressor(static_cast<compression>(codec), bytes, small);
    std::array<std::byte, 4096> window{};
    std::size_t total = 0;
    while (const auto count = source->read(window)) total += count;
    fuzz::require(total <= small.max_output_bytes, "the cap of decompression holds");
  }
}

}  // namespace

void fuzz::run(byte_view input) {
  dice from(input);
  const unsigned flags = from.byte();
  const auto batch = shared_bytes::copy_of(from.rest());
  put_right(batch.writable(), flags);

  std::size_t rest = 0;
  std::size_t sum = 0;
  for (const auto& one : split_batches(batch, &rest)) sum += one.size();
  require(sum + rest == batch.size(), "whole batches and the rest are all there is");
  if (check_stored_batch(batch.view())) {
    find_by_timestamp(batch.view(), 0, 0, small);
    find_max_timestamp(batch.view(), 0, small);
  }
  if (batch.size() > batch_header_size) decompress(batch.view().subspan(batch_header_size));

  batch_limits limits;
  limits.decompression = small;
  limits.checks_record_timestamps = (flags & replaces_timestamps) == 0;
  const auto found = within_budget(batch.size(), [&] { return validate_batch(batch.view(), limits); });
  require((found.error == error_code::none) == found.reason.empty(), "an error has a reason");
  if (found.error != error_code::none) return;
  append_and_find(batch.writable(), found, flags);
}
