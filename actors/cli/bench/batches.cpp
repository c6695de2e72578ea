#include "actors/cli/bench/batches.hpp"

#include "messages/common/crc32c.hpp"

#include <algorithm>
#include <random>

namespace tidegate::cli::bench {

namespace {

// Where the fields of a batch are.
constexpr std::size_t base_offset_at = 0;
constexpr std::size_t length_at = 8;  // of what follows it
constexpr std::size_t leader_epoch_at = 12;
constexpr std::size_t magic_at = 16;
constexpr std::size_t crc_at = 17;
constexpr std::size_t checked_from = 21;
constexpr std::size_t last_offset_delta_at = 23;
constexpr std::size_t base_timestamp_at = 27;
constexpr std::size_t max_timestamp_at = 35;
constexpr std::size_t producer_id_at = 43;
constexpr std::size_t producer_epoch_at = 51;
constexpr std::size_t base_sequence_at = 53;
constexpr std::size_t record_count_at = 57;
constexpr std::size_t header_size = 61;
constexpr std::size_t length_ends_at = length_at + 4;

template <class T>
T get(const std::byte* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = (value << 8U) | std::to_integer<std::uint64_t>(from[i]);
  return static_cast<T>(value);
}

template <class T>
void put(std::byte* to, T value) {
  auto raw = static_cast<std::uint64_t>(value);
  for (std::size_t i = sizeof(T); i > 0; --i, raw >>= 8U) to[i - 1] = static_cast<std::byte>(raw & 0xffU);
}

/// Zigzag varints, as records have them; of numbers that are not negative.
std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (auto left = value * 2; left >= 128; left >>= 7U) ++size;
  return size;
}

void append_varint(byte_buffer& to, std::uint64_t value) {
  auto left = value * 2;
  for (; left >= 128; left >>= 7U) to.push_back(static_cast<std::byte>((left & 127U) | 128U));
  to.push_back(static_cast<std::byte>(left));
}

/// A record's bytes behind its length: attributes, timestamp delta, offset delta, no key (−1), value, no headers.
std::size_t record_body(std::uint64_t offset_delta, std::size_t value_bytes) {
  return 1 + 1 + varint_size(offset_delta) + 1 + varint_size(value_bytes) + value_bytes + 1;
}

std::size_t record_size(std::uint64_t offset_delta, std::size_t value_bytes) {
  const auto body = record_body(offset_delta, value_bytes);
  return varint_size(body) + body;
}

void renew_crc(std::span<std::byte> batch) { put(batch.data() + crc_at, crc32c(batch.subspan(checked_from))); }

std::string range_words(std::int64_t from, std::int64_t until) {
  if (until == from + 1) return "offset " + std::to_string(from);
  return "offsets " + std::to_string(from) + " to " + std::to_string(until - 1);
}

/// What is wrong with a whole batch where `position` comes next; empty when nothing is.
std::string problem_of(byte_view batch, std::int64_t position, bool is_first, bool checks_crcs) {
  const auto* at = batch.data();
  const auto base = get<std::int64_t>(at + base_offset_at);
  const std::int64_t delta = get<std::int32_t>(at + last_offset_delta_at);
  if (base > position) return "missing: " + range_words(position, base);
  if (delta < 0 || base + delta < position || (base < position && !is_first))
    return "not in order: offset " + std::to_string(base) + " where " + std::to_string(position) + " comes next";
  if (const auto count = get<std::int32_t>(at + record_count_at); count != delta + 1)
    return "missing: " + std::to_string(delta + 1 - count) + " of the records from offset " + std::to_string(base) +
           " to " + std::to_string(base + delta);
  if (checks_crcs && crc32c(batch.subspan(checked_from)) != get<std::uint32_t>(at + crc_at))
    return "damaged: the batch at offset " + std::to_string(base) + " does not match its CRC";
  return {};
}

}  // namespace

std::int32_t records_within(std::size_t batch_bytes, std::size_t value_bytes) {
  constexpr std::int32_t most = 1'000'000;
  std::int32_t count = 0;
  for (auto size = header_size; count < most; ++count) {
    size += record_size(static_cast<std::uint64_t>(count), value_bytes);
    if (size > batch_bytes) break;
  }
  return std::max(count, 1);
}

byte_buffer make_batch(std::int32_t records, std::size_t value_bytes, std::int64_t timestamp_ms) {
  byte_buffer batch(header_size);
  std::mt19937_64 random(static_cast<std::uint64_t>(records) + value_bytes);
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(records); ++i) {
    append_varint(batch, record_body(i, value_bytes));
    batch.resize(batch.size() + 2);
    append_varint(batch, i);
    batch.push_back(std::byte{1});
    append_varint(batch, value_bytes);
    for (std::size_t b = 0; b < value_bytes; b += 8) {
      std::byte eight[8];
      put(eight, random());
      batch.insert(batch.end(), eight, eight + std::min<std::size_t>(8, value_bytes - b));
    }
    batch.push_back(std::byte{0});
  }
  put(batch.data() + length_at, static_cast<std::uint32_t>(batch.size() - length_ends_at));
  put(batch.data() + leader_epoch_at, std::int32_t{-1});
  put(batch.data() + magic_at, std::int8_t{2});
  put(batch.data() + last_offset_delta_at, records - 1);
  put(batch.data() + base_timestamp_at, timestamp_ms);
  put(batch.data() + max_timestamp_at, timestamp_ms);
  put(batch.data() + record_count_at, records);
  set_producer(batch, {});
  return batch;
}

void set_producer(std::span<std::byte> batch, const producer_mark& mark) {
  put(batch.data() + producer_id_at, mark.producer_id);
  put(batch.data() + producer_epoch_at, mark.epoch);
  put(batch.data() + base_sequence_at, mark.sequence);
  renew_crc(batch);
}

batches_read read_batches(byte_view fetched, std::int64_t position, std::int64_t end, bool checks_crcs) {
  batches_read found;
  found.next_offset = position;
  for (bool is_first = true; found.next_offset < end && fetched.size() >= header_size; is_first = false) {
    const auto magic = get<std::int8_t>(fetched.data() + magic_at);
    const auto length = get<std::int32_t>(fetched.data() + length_at);
    if (magic != 2 || length < static_cast<std::int32_t>(header_size - length_ends_at)) {
      found.problem = "damaged: no record batch of format v2 at offset " + std::to_string(found.next_offset);
      return found;
    }
    const auto size = length_ends_at + static_cast<std::size_t>(length);
    if (size > fetched.size()) return found;
    found.problem = problem_of(fetched.first(size), found.next_offset, is_first, checks_crcs);
    if (!found.problem.empty()) return found;
    const auto base = get<std::int64_t>(fetched.data() + base_offset_at);
    const auto next = base + get<std::int32_t>(fetched.data() + last_offset_delta_at) + 1;
    found.records += next - found.next_offset;
    found.bytes += static_cast<std::int64_t>(size);
    found.next_offset = next;
    fetched = fetched.subspan(size);
  }
  return found;
}

}  // namespace tidegate::cli::bench
