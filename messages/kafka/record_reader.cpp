#include "messages/kafka/record_reader.hpp"

#include <algorithm>
#include <limits>

namespace tidegate::kafka {

record_reader::record_reader(compression codec, byte_view records, const decompression_limits& limits) {
  if (codec == compression::none) {
    window_ = records;
    return;
  }
  source_ = make_decompressor(codec, records, limits);
  if (source_ == nullptr) {
    state_ = state::no_memory;
    return;
  }
  buffer_ = std::make_unique<std::array<std::byte, 16 * 1024>>();
}

bool record_reader::next(record& out) {
  if (state_ != state::ok) return false;
  record_left_ = std::numeric_limits<std::int64_t>::max();  // the length itself is outside the length
  std::int64_t length = 0;
  if (!read_varint(length)) return false;
  if (length < 0) return fail(state::malformed);
  record_left_ = length;
  std::uint8_t attributes = 0;
  std::int64_t offset_delta = 0;
  std::int64_t header_count = 0;
  if (!read_byte(attributes) || !read_varlong(out.timestamp_delta, 10) || !read_varint(offset_delta)) return false;
  if (!skip_field(true) || !skip_field(true) || !read_varint(header_count)) return false;
  if (header_count < 0 || header_count > record_left_) return fail(state::malformed);
  for (; header_count > 0; --header_count)
    if (!skip_field(false) || !skip_field(true)) return false;
  if (record_left_ != 0) return fail(state::malformed);
  out.offset_delta = static_cast<std::int32_t>(offset_delta);
  return true;
}

bool record_reader::is_at_end() { return window_.empty() && !refill() && state_ == state::ok; }

/// Fetches the next piece; false at the end (what() == ok) or when decompression failed.
bool record_reader::refill() {
  if (source_ == nullptr || state_ != state::ok) return false;
  const auto count = source_->read(*buffer_);
  if (source_->status() == decompression_status::bad_data) return fail(state::malformed);
  if (source_->status() == decompression_status::too_large) return fail(state::too_large);
  window_ = byte_view{buffer_->data(), count};
  return count > 0;
}

bool record_reader::read_byte(std::uint8_t& out) {
  if (record_left_ <= 0) return fail(state::malformed);
  if (window_.empty() && !refill()) return state_ == state::ok ? fail(state::malformed) : false;
  out = std::to_integer<std::uint8_t>(window_.front());
  window_ = window_.subspan(1);
  --record_left_;
  return true;
}

/// Zigzag varint of at most `max_bytes` (5: 32 bits, 10: 64 bits).
bool record_reader::read_varlong(std::int64_t& out, int max_bytes) {
  std::uint64_t raw = 0;
  for (int i = 0; i < max_bytes; ++i) {
    std::uint8_t byte = 0;
    if (!read_byte(byte)) return false;
    raw |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (max_bytes == 5) raw &= 0xffffffffU;  // as Kafka: bits above 32 fall off
    out = static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
    return true;
  }
  return fail(state::malformed);
}

bool record_reader::skip(std::int64_t count) {
  if (count > record_left_) return fail(state::malformed);
  record_left_ -= count;
  auto left = static_cast<std::uint64_t>(count);
  while (left > 0) {
    if (window_.empty() && !refill()) return state_ == state::ok ? fail(state::malformed) : false;
    const auto step = std::min<std::uint64_t>(left, window_.size());
    window_ = window_.subspan(static_cast<std::size_t>(step));
    left -= step;
  }
  return true;
}

/// A length and so many bytes. A key or value of length -1 is null; a header's key may not be.
bool record_reader::skip_field(bool may_be_null) {
  std::int64_t length = 0;
  if (!read_varint(length)) return false;
  if (length < 0) return may_be_null && length == -1 ? true : fail(state::malformed);
  return skip(length);
}

}  // namespace tidegate::kafka
