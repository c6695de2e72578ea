#include "actors/cli/bench/batches.hpp"

#include "messages/common/crc32c.hpp"

#include <algorithm>
#include <optional>
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
constexpr std::size_t attributes_at = 21;
constexpr std::size_t last_offset_delta_at = 23;
constexpr std::size_t base_timestamp_at = 27;
constexpr std::size_t max_timestamp_at = 35;
constexpr std::size_t producer_id_at = 43;
constexpr std::size_t producer_epoch_at = 51;
constexpr std::size_t base_sequence_at = 53;
constexpr std::size_t record_count_at = 57;
constexpr std::size_t header_size = 61;
constexpr std::size_t length_ends_at = length_at + 4;

constexpr std::int16_t compression_bits = 7;  // of the attributes

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

void append_record_head(byte_buffer& to, std::uint64_t offset_delta, std::size_t value_bytes) {
  append_varint(to, record_body(offset_delta, value_bytes));
  to.resize(to.size() + 2);
  append_varint(to, offset_delta);
  to.push_back(std::byte{1});
  append_varint(to, value_bytes);
}

void renew_crc(std::span<std::byte> batch) { put(batch.data() + crc_at, crc32c(batch.subspan(checked_from))); }

/// Around `records` records that stand behind the header's place.
void complete_header(byte_buffer& batch, std::int32_t records, std::int64_t timestamp_ms) {
  put(batch.data() + length_at, static_cast<std::uint32_t>(batch.size() - length_ends_at));
  put(batch.data() + leader_epoch_at, std::int32_t{-1});
  put(batch.data() + magic_at, std::int8_t{2});
  put(batch.data() + last_offset_delta_at, records - 1);
  put(batch.data() + base_timestamp_at, timestamp_ms);
  put(batch.data() + max_timestamp_at, timestamp_ms);
  put(batch.data() + record_count_at, records);
  set_producer(batch, {});
}

std::string range_words(std::int64_t from, std::int64_t until) {
  if (until == from + 1) return "offset " + std::to_string(from);
  return "offsets " + std::to_string(from) + " to " + std::to_string(until - 1);
}

/// Empty when it fits.
std::string crc_problem_of(byte_view batch) {
  if (crc32c(batch.subspan(checked_from)) == get<std::uint32_t>(batch.data() + crc_at)) return {};
  return "damaged: the batch at offset " + std::to_string(get<std::int64_t>(batch.data() + base_offset_at)) +
         " does not match its CRC";
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
  return checks_crcs ? crc_problem_of(batch) : std::string();
}

/// The size of the batch at the beginning; nothing when it is cut short, or `problem` says that it is none.
std::optional<std::size_t> size_of_first(byte_view fetched, std::int64_t position, std::string& problem) {
  if (fetched.size() < header_size) return std::nullopt;
  const auto magic = get<std::int8_t>(fetched.data() + magic_at);
  const auto length = get<std::int32_t>(fetched.data() + length_at);
  if (magic != 2 || length < static_cast<std::int32_t>(header_size - length_ends_at)) {
    problem = "damaged: no record batch of format v2 at offset " + std::to_string(position);
    return std::nullopt;
  }
  const auto size = length_ends_at + static_cast<std::size_t>(length);
  return size > fetched.size() ? std::nullopt : std::optional(size);
}

/// Takes what records are made of from their beginning. Behind the end, and for lengths that are none, all is over.
class record_bytes {
 public:
  explicit record_bytes(byte_view bytes) : left_(bytes) {}

  [[nodiscard]] bool is_broken() const { return is_broken_; }

  std::int64_t varint() {
    std::uint64_t raw = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto one = std::to_integer<std::uint64_t>(bytes(1).empty() ? std::byte{0} : last_);
      raw |= (one & 127U) << shift;
      if (one < 128) return static_cast<std::int64_t>(raw >> 1U) ^ -static_cast<std::int64_t>(raw & 1U);
    }
    is_broken_ = true;
    return 0;
  }

  /// Nothing for −1, which is null.
  byte_view bytes(std::int64_t count) {
    if (count == -1) return {};
    if (count < 0 || count > static_cast<std::int64_t>(left_.size())) {
      is_broken_ = true;
      left_ = {};
      return {};
    }
    const auto taken = left_.first(static_cast<std::size_t>(count));
    left_ = left_.subspan(taken.size());
    if (!taken.empty()) last_ = taken.back();
    return taken;
  }

 private:
  byte_view left_;
  std::byte last_{};
  bool is_broken_ = false;
};

/// The first record at `position` or behind it of a whole batch that does not end before.
found_record first_in_batch(byte_view batch, std::int64_t position) {
  found_record found;
  const auto base = get<std::int64_t>(batch.data() + base_offset_at);
  found.problem = crc_problem_of(batch);
  if (!found.problem.empty()) return found;
  if ((get<std::int16_t>(batch.data() + attributes_at) & compression_bits) != 0) {
    found.problem = "compressed: the batch at offset " + std::to_string(base) + ", which was written without";
    return found;
  }
  record_bytes all(batch.subspan(header_size));
  for (auto left = get<std::int32_t>(batch.data() + record_count_at); left > 0 && !all.is_broken(); --left) {
    record_bytes one(all.bytes(std::max<std::int64_t>(all.varint(), 0)));
    one.bytes(1);  // attributes
    one.varint();  // timestamp
    const auto offset = base + one.varint();
    one.bytes(one.varint());  // key
    const auto value = one.bytes(one.varint());
    if (one.is_broken()) break;
    if (offset >= position) return {offset, value, {}};
  }
  found.problem = "missing: the batch at offset " + std::to_string(base) + " has no record from offset " +
                  std::to_string(position) + " on, though it should";
  return found;
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
    append_record_head(batch, i, value_bytes);
    for (std::size_t b = 0; b < value_bytes; b += 8) {
      std::byte eight[8];
      put(eight, random());
      batch.insert(batch.end(), eight, eight + std::min<std::size_t>(8, value_bytes - b));
    }
    batch.push_back(std::byte{0});
  }
  complete_header(batch, records, timestamp_ms);
  return batch;
}

byte_buffer make_batch(const std::vector<std::string>& values, std::int64_t timestamp_ms) {
  byte_buffer batch(header_size);
  for (std::size_t i = 0; i < values.size(); ++i) {
    append_record_head(batch, i, values[i].size());
    const auto value = as_byte_view(values[i]);
    batch.insert(batch.end(), value.begin(), value.end());
    batch.push_back(std::byte{0});
  }
  complete_header(batch, static_cast<std::int32_t>(values.size()), timestamp_ms);
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
  for (bool is_first = true; found.next_offset < end; is_first = false) {
    const auto whole = size_of_first(fetched, found.next_offset, found.problem);
    if (!whole) return found;
    const auto size = *whole;
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

found_record first_record_from(byte_view fetched, std::int64_t position) {
  found_record found;
  while (const auto size = size_of_first(fetched, position, found.problem)) {
    const auto last = get<std::int64_t>(fetched.data() + base_offset_at) +
                      get<std::int32_t>(fetched.data() + last_offset_delta_at);
    if (last >= position) return first_in_batch(fetched.first(*size), position);
    fetched = fetched.subspan(*size);
  }
  return found;
}

}  // namespace tidegate::cli::bench
