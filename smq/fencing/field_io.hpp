#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

/// Fixed layouts of small entries: big-endian integers, u16 length before strings.
namespace tidegate::smq {

class field_writer {
 public:
  template <class Int>
  field_writer& integer(Int value) {
    for (int shift = static_cast<int>(sizeof(Int)) * 8 - 8; shift >= 0; shift -= 8)
      out_.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> shift) & 0xff));
    return *this;
  }

  field_writer& id(const uuid& value) {
    out_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
    return *this;
  }

  /// `value`: at most 65535 bytes; what is longer is cut by the caller's checks, never here.
  field_writer& text(std::string_view value) {
    integer(static_cast<std::uint16_t>(value.size()));
    out_.append(value);
    return *this;
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After the first field that does not fit, `failed()` is true and every later field reads as zero or empty.
class field_reader {
 public:
  explicit field_reader(std::string_view bytes) : left_(bytes) {}

  template <class Int>
  Int integer() {
    std::uint64_t value = 0;
    for (char c : take(sizeof(Int))) value = value << 8 | static_cast<std::uint8_t>(c);
    return static_cast<Int>(value);
  }

  uuid id() {
    uuid value;
    auto bytes = take(value.bytes.size());
    if (!failed_) std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
    return value;
  }

  std::string_view text() { return take(integer<std::uint16_t>()); }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  std::string_view take(std::size_t count) {
    if (failed_ || count > left_.size()) {
      failed_ = true;
      return {};
    }
    auto bytes = left_.substr(0, count);
    left_.remove_prefix(count);
    return bytes;
  }

  std::string_view left_;
  bool failed_ = false;
};

}  // namespace tidegate::smq
