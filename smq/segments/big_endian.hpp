#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/uuid.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>

/// Fixed-width big-endian integers: what all our layouts in the store are made of.
namespace tidegate::smq {

/// Appends to a std::string, because entries and attributes are strings.
class be_writer {
 public:
  template <std::integral T>
  be_writer& put(T value) {
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (auto shift = static_cast<int>(sizeof(T) * 8) - 8; shift >= 0; shift -= 8)
      out_.push_back(static_cast<char>(static_cast<std::uint8_t>(bits >> shift)));
    return *this;
  }

  be_writer& put(const uuid& id) { return put_bytes(id.bytes); }

  be_writer& put_bytes(byte_view bytes) {
    out_.append(as_text(bytes));
    return *this;
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads in order; after the first read behind the end `ok()` is false and every value is zero.
class be_reader {
 public:
  explicit be_reader(byte_view bytes) : left_(bytes) {}

  template <std::integral T>
  T get() {
    auto bytes = take(sizeof(T));
    std::make_unsigned_t<T> bits = 0;
    for (auto b : bytes) {
      if constexpr (sizeof(T) > 1) bits = static_cast<decltype(bits)>(bits << 8);
      bits = static_cast<decltype(bits)>(bits | std::to_integer<std::uint8_t>(b));
    }
    return static_cast<T>(bits);
  }

  uuid get_uuid() {
    uuid id;
    auto bytes = take(id.bytes.size());
    std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
    return id;
  }

  /// Exactly `count` bytes, or an empty view (and !ok()).
  byte_view take(std::size_t count) {
    if (count > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  byte_view left_;
  bool ok_ = true;
};

}  // namespace tidegate::smq
