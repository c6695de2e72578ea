#include "messages/kafka/record_batch.hpp"

#include "messages/common/crc32c.hpp"
#include "messages/kafka/counters.hpp"
#include "messages/kafka/record_reader.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::kafka {

namespace {

constexpr std::size_t length_at = 8;
constexpr std::size_t leader_epoch_at = 12;
constexpr std::size_t magic_at = 16;
constexpr std::size_t crc_at = 17;
constexpr std::size_t attributes_at = 21;
constexpr std::size_t last_offset_delta_at = 23;
constexpr std::size_t base_timestamp_at = 27;
constexpr std::size_t max_timestamp_at = 35;
constexpr std::size_t producer_id_at = 43;
constexpr std::size_t producer_epoch_at = 51;
constexpr std::size_t base_sequence_at = 53;
constexpr std::size_t record_count_at = 57;

constexpr std::int16_t log_append_time_bit = 8;

template <class T>
T get(byte_view bytes, std::size_t position) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = (value << 8) | std::to_integer<std::uint64_t>(bytes[position + i]);
  return static_cast<T>(value);
}

template <class T>
void put(std::span<std::byte> bytes, std::size_t position, T value) {
  auto raw = static_cast<std::uint64_t>(value);
  for (std::size_t i = sizeof(T); i > 0; --i, raw >>= 8) bytes[position + i - 1] = static_cast<std::byte>(raw & 0xff);
}

batch_check refuse(error_code error, std::string_view reason) {
  batch_check out;
  out.error = error;
  out.reason = reason;
  return out;
}

/// Kafka names all records whose times it refuses. Here at most 100 of a batch, and of a compressed one no more than
/// its bytes could hold of the smallest records: what is said of them must not take much more memory than the batch.
void add_refused(std::shared_ptr<refused_times>& to, const refused_times::record& record, byte_view batch,
                 const batch_limits& limits) {
  constexpr std::size_t smallest_record = 7;
  const auto most = std::min<std::size_t>(100, batch.size() / smallest_record);
  if (!to) to = std::make_shared<refused_times>(refused_times{limits.min_timestamp, limits.max_timestamp});
  if (to->records.size() < most) to->records.push_back(record);
}

batch_check refuse(std::shared_ptr<const refused_times> out_of_range) {
  auto out = refuse(error_code::invalid_timestamp, "One or more records have been rejected due to invalid timestamp");
  out.out_of_range = std::move(out_of_range);
  return out;
}

batch_header header_of(byte_view batch) {
  batch_header h;
  h.base_offset = get<std::int64_t>(batch, 0);
  h.batch_length = get<std::int32_t>(batch, length_at);
  h.leader_epoch = get<std::int32_t>(batch, leader_epoch_at);
  h.magic = get<std::int8_t>(batch, magic_at);
  h.crc = get<std::uint32_t>(batch, crc_at);
  h.attributes = get<std::int16_t>(batch, attributes_at);
  h.last_offset_delta = get<std::int32_t>(batch, last_offset_delta_at);
  h.base_timestamp = get<std::int64_t>(batch, base_timestamp_at);
  h.max_timestamp = get<std::int64_t>(batch, max_timestamp_at);
  h.producer_id = get<std::int64_t>(batch, producer_id_at);
  h.producer_epoch = get<std::int16_t>(batch, producer_epoch_at);
  h.base_sequence = get<std::int32_t>(batch, base_sequence_at);
  h.record_count = get<std::int32_t>(batch, record_count_at);
  return h;
}

std::uint32_t crc_of(byte_view batch) { return crc32c(batch.subspan(attributes_at)); }

/// Wraps like Java's addition: a client chooses both numbers.
std::int64_t add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// What the header alone can contradict. Sources: ProduceRequest.validateRecords, UnifiedLog.analyzeAndValidateRecords,
/// LogValidator.validateBatch; in their order, so that clients see the same error.
batch_check check_header(byte_view records, const batch_limits& limits) {
  using enum error_code;
  if (records.empty()) return refuse(invalid_record, "The request has no record batch for this partition.");
  if (records.size() <= magic_at) return refuse(corrupt_message, "The record batch is shorter than its header.");
  if (get<std::int8_t>(records, magic_at) != 2)
    return refuse(invalid_record, "Only record batches with magic version 2 are allowed.");
  if (records.size() < batch_header_size)
    return refuse(corrupt_message, "The record batch is shorter than its header.");
  const auto h = header_of(records);
  const auto body = records.size() - batch_size_prefix;
  if (h.batch_length < 0 || static_cast<std::size_t>(h.batch_length) > body)
    return refuse(corrupt_message, "The record batch is longer than what the request carries.");
  if (static_cast<std::size_t>(h.batch_length) < batch_header_size - batch_size_prefix)
    return refuse(corrupt_message, "The record batch is shorter than its header.");
  if (static_cast<std::size_t>(h.batch_length) < body)
    return refuse(invalid_record, "The request must have exactly one record batch for each partition.");
  if (h.codec() > last_compression) return refuse(unsupported_compression_type, "The compression type is unknown.");
  if (h.base_offset != 0) return refuse(invalid_record, "The base offset of a produced batch must be 0.");
  if (records.size() > limits.max_batch_bytes)
    return refuse(message_too_large, "The record batch is larger than the topic's max.message.bytes.");
  if (crc_of(records) != h.crc) return refuse(corrupt_message, "The record batch does not match its CRC.");
  if (h.record_count < 1) return refuse(invalid_record, "The record batch has no records.");
  if (h.last_offset_delta != h.record_count - 1)
    return refuse(invalid_record, "The record count does not match the last offset delta.");
  if (h.producer_id >= 0 && (h.base_sequence < 0 || h.producer_epoch < 0))
    return refuse(invalid_record, "A batch with a producer id needs an epoch and a sequence number.");
  if (h.is_control()) return refuse(invalid_record, "Clients may not write control batches.");
  if (h.is_transactional()) return refuse(invalid_txn_state, "Transactions are not supported.");
  if (h.is_log_append_time() && limits.checks_record_timestamps)
    return refuse(invalid_timestamp, "Producers may not set the timestamp type to LogAppendTime.");
  batch_check out;
  out.header = h;
  return out;
}

batch_check refuse(const record_reader& reader) {
  switch (reader.what()) {
    case record_reader::state::too_large:
      counted.too_large_records.add();
      return refuse(error_code::message_too_large, "The decompressed records are larger than allowed.");
    case record_reader::state::no_memory:
      return refuse(error_code::unknown_server_error, "There is no memory to decompress the records.");
    case record_reader::state::ok:
    case record_reader::state::malformed:
      break;
  }
  return refuse(error_code::invalid_record, "The records do not fill the record batch as it declares.");
}

record_reader reader_of(byte_view batch, const batch_header& h, const decompression_limits& limits) {
  return {static_cast<compression>(h.codec()), batch.subspan(batch_header_size), limits};
}

}  // namespace

std::optional<batch_header> read_batch_header(byte_view batch) {
  if (batch.size() < batch_header_size) return std::nullopt;
  return header_of(batch);
}

batch_check validate_batch(byte_view records, const batch_limits& limits) {
  auto out = check_header(records, limits);
  if (out.error != error_code::none) return out;
  const auto& h = out.header;
  auto within = limits.decompression;
  within.max_output_bytes = std::min(within.max_output_bytes, limits.trial_bytes);
  auto reader = reader_of(records, h, within);
  const auto stopped = [&] {
    const bool is_trial = limits.trial_bytes < limits.decompression.max_output_bytes;
    if (!is_trial || reader.what() != record_reader::state::too_large) return refuse(reader);
    out.is_cut_short = true;
    return out;
  };
  record_reader::record record;
  out.max_timestamp = std::numeric_limits<std::int64_t>::min();
  std::shared_ptr<refused_times> out_of_range;
  for (std::int32_t i = 0; i < h.record_count; ++i) {
    if (!reader.next(record)) return stopped();
    if (record.offset_delta != i)
      return refuse(error_code::invalid_record, "The offsets of the records are not dense.");
    const auto timestamp = add(h.base_timestamp, record.timestamp_delta);
    if (limits.checks_record_timestamps && timestamp != -1 &&
        (timestamp < limits.min_timestamp || timestamp > limits.max_timestamp))
      add_refused(out_of_range, {i, timestamp}, records, limits);
    if (timestamp > out.max_timestamp) {
      out.max_timestamp = timestamp;
      out.max_timestamp_delta = i;
    }
  }
  if (!reader.is_at_end()) return stopped();
  return out_of_range ? refuse(std::move(out_of_range)) : out;
}

std::optional<batch_header> check_stored_batch(byte_view batch) {
  if (batch.size() < batch_header_size) return std::nullopt;
  const auto h = header_of(batch);
  const bool fits = h.magic == 2 && h.batch_length >= 0 &&
                    static_cast<std::size_t>(h.batch_length) == batch.size() - batch_size_prefix &&
                    h.base_offset >= 0 && h.last_offset_delta >= 0 &&
                    h.base_offset < std::numeric_limits<std::int64_t>::max() - h.last_offset_delta &&
                    h.record_count >= 1 && h.codec() <= last_compression;
  if (!fits || crc_of(batch) != h.crc) return std::nullopt;
  return h;
}

std::vector<shared_bytes> split_batches(const shared_bytes& records, std::size_t* rest) {
  std::vector<shared_bytes> out;
  std::size_t at = 0;
  while (records.size() - at >= batch_header_size) {
    const auto left = records.view().subspan(at);
    const auto length = get<std::int32_t>(left, length_at);
    if (get<std::int8_t>(left, magic_at) != 2) break;
    if (length < 0 || static_cast<std::size_t>(length) < batch_header_size - batch_size_prefix) break;
    if (static_cast<std::size_t>(length) > left.size() - batch_size_prefix) break;
    const auto size = static_cast<std::size_t>(length) + batch_size_prefix;
    out.push_back(records.slice(at, size));
    at += size;
  }
  if (rest != nullptr) *rest = records.size() - at;
  return out;
}

void set_base_offset(std::span<std::byte> batch, std::int64_t base_offset) { put(batch, 0, base_offset); }

void set_leader_epoch(std::span<std::byte> batch, std::int32_t leader_epoch) {
  put(batch, leader_epoch_at, leader_epoch);
}

void set_log_append_time(std::span<std::byte> batch, std::int64_t timestamp_ms) {
  const auto attributes = get<std::int16_t>(batch, attributes_at);
  put(batch, attributes_at, static_cast<std::int16_t>(attributes | log_append_time_bit));
  put(batch, max_timestamp_at, timestamp_ms);
  put(batch, crc_at, crc_of(batch));
}

void set_max_timestamp(std::span<std::byte> batch, std::int64_t timestamp_ms) {
  if (get<std::int64_t>(batch, max_timestamp_at) == timestamp_ms) return;
  put(batch, max_timestamp_at, timestamp_ms);
  put(batch, crc_at, crc_of(batch));
}

std::optional<timestamped_offset> find_by_timestamp(byte_view batch, std::int64_t timestamp_ms, std::int64_t from,
                                                    const decompression_limits& limits) {
  const auto h = check_stored_batch(batch);
  if (!h || h->next_offset() <= from) return std::nullopt;
  if (h->is_log_append_time()) {
    if (h->max_timestamp < timestamp_ms) return std::nullopt;
    return timestamped_offset{std::max(h->base_offset, from), h->max_timestamp};
  }
  auto reader = reader_of(batch, *h, limits);
  record_reader::record record;
  for (std::int32_t i = 0; i < h->record_count && reader.next(record); ++i) {
    const auto timestamp = add(h->base_timestamp, record.timestamp_delta);
    const auto offset = add(h->base_offset, record.offset_delta);
    if (timestamp >= timestamp_ms && offset >= from) return timestamped_offset{offset, timestamp};
  }
  return std::nullopt;
}

std::optional<timestamped_offset> find_max_timestamp(byte_view batch, std::int64_t from,
                                                     const decompression_limits& limits) {
  const auto h = check_stored_batch(batch);
  if (!h || h->next_offset() <= from) return std::nullopt;
  if (h->is_log_append_time()) return timestamped_offset{std::max(h->base_offset, from), h->max_timestamp};
  auto reader = reader_of(batch, *h, limits);
  record_reader::record record;
  std::optional<timestamped_offset> best;
  for (std::int32_t i = 0; i < h->record_count; ++i) {
    if (!reader.next(record)) return std::nullopt;
    const auto timestamp = add(h->base_timestamp, record.timestamp_delta);
    const auto offset = add(h->base_offset, record.offset_delta);
    if (offset >= from && (!best || timestamp > best->timestamp)) best = timestamped_offset{offset, timestamp};
  }
  return best;
}

}  // namespace tidegate::kafka
