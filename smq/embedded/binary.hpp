#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

/// Big-endian integers and counted strings for the files of this engine.
namespace tidegate::smq::embedded {

template <std::unsigned_integral T>
void put_number(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(std::uint64_t{value} >> 8U)) {
    bytes[i] = static_cast<char>(value & 0xFFU);
  }
  out.append(bytes.data(), bytes.size());
}

inline void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

/// Stops at the first read past the end: `ok` goes false and every later value is zero or empty.
class binary_reader {
 public:
  explicit binary_reader(std::string_view bytes) : left_(bytes) {}

  template <std::unsigned_integral T>
  T number() {
    std::uint64_t value = 0;
    for (const char c : take(sizeof(T))) value = (value << 8U) | static_cast<unsigned char>(c);
    return static_cast<T>(value);
  }

  std::string_view take(std::size_t count) {
    if (!ok_ || count > left_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  std::string_view text() { return take(number<std::uint32_t>()); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace tidegate::smq::embedded
