#include "smq/segments/log_entry.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/md5.hpp"
#include "smq/segments/big_endian.hpp"
#include "smq/segments/frame.hpp"

#include <stdexcept>

namespace tidegate::smq {

namespace {

// Kafka's v2 record batch header: positions of the fields that this layer reads.
constexpr std::size_t batch_header_bytes = 61;
constexpr std::size_t batch_length_position = 8;
constexpr std::size_t batch_epoch_position = 12;
constexpr std::size_t batch_magic_position = 16;
constexpr std::size_t batch_crc_position = 17;
constexpr std::size_t batch_last_delta_position = 23;
constexpr std::size_t batch_max_timestamp_position = 35;

constexpr std::uint64_t tag_ts_ns = 1 << 3;
constexpr std::uint64_t tag_hash = 2 << 3;
constexpr std::uint64_t tag_data = 3 << 3 | 2;
constexpr std::uint64_t tag_key = 4 << 3 | 2;
constexpr std::uint64_t tag_offset = 5 << 3;

void put_varint(byte_buffer& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

std::size_t varint_bytes(std::uint64_t value) {
  std::size_t count = 1;
  for (; value >= 0x80; value >>= 7) ++count;
  return count;
}

/// Negative int32 values are sign-extended to ten bytes; zero values are left out, as every proto3 writer does.
std::size_t varint_field_bytes(std::int64_t value) {
  return value == 0 ? 0 : 1 + varint_bytes(static_cast<std::uint64_t>(value));
}

void put_varint_field(byte_buffer& out, std::uint64_t tag, std::int64_t value) {
  if (value == 0) return;
  put_varint(out, tag);
  put_varint(out, static_cast<std::uint64_t>(value));
}

std::optional<std::uint64_t> get_varint(be_reader& reader) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    auto byte = reader.get<std::uint8_t>();
    if (!reader.ok()) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// Everything in front of the data: the 4-byte length of the whole message, its fields up to the length of the data.
void put_head(byte_buffer& out, std::int64_t ts_ns, byte_view key, std::size_t data_bytes, std::int64_t number) {
  const auto hash = partition_key_hash(key);
  const auto tail_bytes = 1 + varint_bytes(key.size()) + key.size() + varint_field_bytes(number);
  const auto message_bytes =
      varint_field_bytes(ts_ns) + varint_field_bytes(hash) + 1 + varint_bytes(data_bytes) + data_bytes + tail_bytes;
  if (message_bytes > INT32_MAX) throw std::invalid_argument("too large for a message");
  const auto length = be_writer{}.put(static_cast<std::uint32_t>(message_bytes)).take();
  std::ranges::copy(as_byte_view(length), std::back_inserter(out));
  put_varint_field(out, tag_ts_ns, ts_ns);
  put_varint_field(out, tag_hash, hash);
  put_varint(out, tag_data);
  put_varint(out, data_bytes);
}

void put_tail(byte_buffer& out, byte_view key, std::int64_t number) {
  put_varint(out, tag_key);
  put_varint(out, key.size());
  std::ranges::copy(key, std::back_inserter(out));
  put_varint_field(out, tag_offset, number);
}

template <class T>
T number_at(byte_view bytes, std::size_t position) {
  return be_reader{bytes.subspan(position)}.get<T>();
}

/// A protobuf LogEntry, fields as they come; `data` may be cut short when only the head was read.
struct wire_fields {
  std::int64_t ts_ns = 0;
  std::int64_t offset = 0;
  byte_view data;
  std::uint64_t data_bytes = 0;
  byte_view key;
};

/// `whole`: every field must be there and end exactly; otherwise reading stops at the start of data.
bool read_fields(byte_view message, bool whole, wire_fields& out) {
  be_reader reader{message};
  while (reader.left() > 0) {
    auto tag = get_varint(reader);
    auto value = tag ? get_varint(reader) : std::nullopt;  // a number, or the length of bytes
    if (!value) return false;
    switch (*tag) {
      case tag_ts_ns:
        out.ts_ns = static_cast<std::int64_t>(*value);
        break;
      case tag_hash:
        break;
      case tag_offset:
        out.offset = static_cast<std::int64_t>(*value);
        break;
      case tag_data:
        out.data_bytes = *value;
        if (whole && *value > reader.left()) return false;
        out.data = reader.take(static_cast<std::size_t>(std::min<std::uint64_t>(*value, reader.left())));
        if (!whole) return true;
        break;
      case tag_key:
        if (*value > reader.left()) return false;
        out.key = reader.take(static_cast<std::size_t>(*value));
        break;
      default:
        return false;  // we wrote it: a field that we never write is damage
    }
  }
  return whole;
}

}  // namespace

std::array<std::byte, 12> message_key(std::int64_t base_offset, std::int32_t leader_epoch) {
  auto text = be_writer{}.put(base_offset).put(leader_epoch).take();
  std::array<std::byte, 12> key{};
  std::ranges::copy(as_byte_view(text), key.begin());
  return key;
}

std::int32_t partition_key_hash(byte_view key) { return number_at<std::int32_t>(md5_of(key), 0); }

std::vector<shared_bytes> encode_log_entries(const uuid& topic_id, std::int32_t partition,
                                             const std::vector<planned_batch>& batches) {
  byte_buffer around;  // heads and tails, one after the other
  std::vector<std::size_t> ends;
  for (const auto& b : batches) {
    if (b.batch.size() < batch_header_bytes) throw std::invalid_argument("a record batch has at least 61 bytes");
    const auto key = message_key(b.base_offset, b.leader_epoch);
    put_head(around, b.ts_ns, key, frame::size + b.batch.size(), b.message_number);
    std::ranges::copy(encode_frame({topic_id, partition, b.ts_ns}, b.batch.view()), std::back_inserter(around));
    ends.push_back(around.size());
    put_tail(around, key, b.message_number);
    ends.push_back(around.size());
  }
  shared_bytes shared{std::move(around)};
  std::vector<shared_bytes> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    // A tail and the next head lie side by side: one slice.
    parts.push_back(shared.slice(begin, ends[2 * i] - begin));
    parts.push_back(batches[i].batch);
    begin = ends[2 * i];
  }
  if (begin < shared.size()) parts.push_back(shared.slice(begin, shared.size() - begin));
  return parts;
}

byte_buffer encode_messages(const std::vector<plain_message>& messages) {
  byte_buffer out;
  for (const auto& m : messages) {
    const auto key = as_byte_view(m.key);
    put_head(out, m.ts_ns, key, m.value.size(), m.message_number);
    std::ranges::copy(as_byte_view(m.value), std::back_inserter(out));
    put_tail(out, key, m.message_number);
  }
  return out;
}

std::optional<std::uint64_t> stored_log_entry_bytes(byte_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  return std::uint64_t{4} + number_at<std::uint32_t>(bytes, 0);
}

std::optional<log_entry_head> peek_log_entry(byte_view bytes, const uuid& topic_id, std::int32_t partition) {
  auto stored_bytes = stored_log_entry_bytes(bytes);
  if (!stored_bytes) return std::nullopt;
  auto message = bytes.subspan(4, std::min<std::size_t>(bytes.size() - 4, *stored_bytes - 4));
  wire_fields fields;
  if (!read_fields(message, false, fields)) return std::nullopt;
  auto f = decode_frame(fields.data);
  if (!f || f->topic_id != topic_id || f->partition != partition || f->ts_ns != fields.ts_ns) return std::nullopt;
  return log_entry_head{*stored_bytes, f->ts_ns, number_at<std::int64_t>(fields.data, frame::size)};
}

std::optional<log_entry> decode_log_entry(byte_view bytes, const uuid& topic_id, std::int32_t partition) {
  auto stored_bytes = stored_log_entry_bytes(bytes);
  if (!stored_bytes || *stored_bytes > bytes.size()) return std::nullopt;
  wire_fields fields;
  if (!read_fields(bytes.subspan(4, *stored_bytes - 4), true, fields)) return std::nullopt;
  auto f = decode_frame(fields.data);
  if (!f || f->topic_id != topic_id || f->partition != partition || f->ts_ns != fields.ts_ns) return std::nullopt;
  auto batch = fields.data.subspan(frame::size);
  if (batch.size() < batch_header_bytes || number_at<std::uint8_t>(batch, batch_magic_position) != 2)
    return std::nullopt;
  auto length = number_at<std::int32_t>(batch, batch_length_position);
  if (length < 0 || static_cast<std::size_t>(length) + 12 != batch.size()) return std::nullopt;
  if (number_at<std::uint32_t>(batch, batch_crc_position) != crc32c(batch.subspan(frame::covered_batch_bytes)))
    return std::nullopt;
  log_entry entry;
  entry.base_offset = number_at<std::int64_t>(batch, 0);
  entry.leader_epoch = number_at<std::int32_t>(batch, batch_epoch_position);
  auto key = message_key(entry.base_offset, entry.leader_epoch);
  if (!std::ranges::equal(key, fields.key)) return std::nullopt;
  auto last_delta = number_at<std::int32_t>(batch, batch_last_delta_position);
  if (entry.base_offset < 0 || last_delta < 0 || fields.offset < 0) return std::nullopt;
  if (entry.base_offset > INT64_MAX - last_delta - 1) return std::nullopt;
  entry.next_offset = entry.base_offset + last_delta + 1;
  entry.max_timestamp = number_at<std::int64_t>(batch, batch_max_timestamp_position);
  entry.stored_bytes = static_cast<std::size_t>(*stored_bytes);
  entry.ts_ns = fields.ts_ns;
  entry.message_number = fields.offset;
  entry.batch_position = static_cast<std::size_t>(batch.data() - bytes.data());
  entry.batch_bytes = batch.size();
  return entry;
}

}  // namespace tidegate::smq
