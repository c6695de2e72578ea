#include "messages/kafka/wire.hpp"

#include "messages/common/utf8.hpp"
#include "messages/kafka/counters.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace tidegate::kafka {

namespace {

constexpr std::int64_t max_string = longest_string;
constexpr std::int64_t max_length = std::numeric_limits<std::int32_t>::max() - 1;

}  // namespace

void wire_reader::fail() {
  ok_ = false;
  position_ = end_;
}

bool wire_reader::take(std::size_t count) {
  if (!ok_ || count > bytes_left()) {
    fail();
    return false;
  }
  position_ += count;
  return true;
}

uuid wire_reader::id() {
  uuid result;
  if (take(result.bytes.size())) {
    const auto bytes = body_.view().subspan(position_ - result.bytes.size(), result.bytes.size());
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  }
  return result;
}

std::uint32_t wire_reader::unsigned_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift <= 28; shift += 7) {
    const auto byte = integer<std::uint8_t>();
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) {
      if (value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value);
      break;
    }
  }
  fail();
  return 0;
}

std::optional<std::size_t> wire_reader::checked(std::int64_t length, std::int64_t max) {
  if (ok_ && length == -1) return std::nullopt;
  if (!ok_ || length < 0 || length > max || static_cast<std::uint64_t>(length) > bytes_left()) {
    fail();
    return 0;
  }
  return static_cast<std::size_t>(length);
}

std::optional<std::size_t> wire_reader::string_length() {
  return checked(is_flexible_ ? std::int64_t{unsigned_varint()} - 1 : integer<std::int16_t>(), max_string);
}

std::optional<std::size_t> wire_reader::bytes_length() {
  return checked(is_flexible_ ? std::int64_t{unsigned_varint()} - 1 : integer<std::int32_t>(), max_length);
}

std::optional<std::size_t> wire_reader::array_length(std::size_t min_element_size) {
  const auto count = bytes_length();
  if (!count) return std::nullopt;
  elements_ += *count;
  const bool is_honest = *count <= bytes_left() / min_element_size;
  if (is_honest && elements_ <= max_elements_) return count;
  if (is_honest) counted.too_many_elements.add();
  fail();
  return 0;
}

std::string wire_reader::text(std::size_t length) {
  if (!take(length)) return {};
  auto result = well_formed_utf8(as_text(body_.view().subspan(position_ - length, length)));
  if (result.size() <= longest_string) return result;
  fail();
  return {};
}

shared_bytes wire_reader::slice(std::size_t length) {
  if (!take(length)) return {};
  return body_.slice(position_ - length, length);
}

std::size_t wire_reader::enter(std::size_t size) {
  const auto outer_end = end_;
  if (size > bytes_left()) {
    fail();
  } else {
    end_ = position_ + size;
  }
  return outer_end;
}

void wire_reader::leave(std::size_t outer_end) {
  if (position_ != end_) fail();
  end_ = outer_end;
  if (!ok_) position_ = end_;
}

void wire_writer::unsigned_varint(std::uint32_t value) {
  while (value >= 0x80) {
    buffer_.push_back(static_cast<std::byte>((value & 0x7fU) | 0x80U));
    value >>= 7;
  }
  buffer_.push_back(static_cast<std::byte>(value));
}

void wire_writer::string_length(std::optional<std::size_t> length) {
  if (length && *length > longest_string) throw std::length_error("Kafka string too long");
  if (is_flexible_) {
    unsigned_varint(length ? static_cast<std::uint32_t>(*length + 1) : 0);
  } else {
    integer(length ? static_cast<std::int16_t>(*length) : std::int16_t{-1});
  }
}

void wire_writer::length(std::optional<std::size_t> length) {
  if (length && *length > static_cast<std::uint64_t>(max_length)) throw std::length_error("Kafka field too long");
  if (is_flexible_) {
    unsigned_varint(length ? static_cast<std::uint32_t>(*length + 1) : 0);
  } else {
    integer(length ? static_cast<std::int32_t>(*length) : std::int32_t{-1});
  }
}

void wire_writer::slice(const shared_bytes& bytes) {
  if (bytes.empty()) return;
  flush();
  parts_.push_back(bytes);
}

void wire_writer::flush() {
  if (!buffer_.empty()) parts_.emplace_back(std::exchange(buffer_, {}));
}

std::vector<shared_bytes> wire_writer::finish() {
  flush();
  return std::exchange(parts_, {});
}

}  // namespace tidegate::kafka
