#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Writing and reading the fixed layouts of our own entries (design §10): big-endian integers, u16 before strings.
namespace tidegate::smq {

class layout_writer {
 public:
  /// `expected`: about how many bytes will be written.
  explicit layout_writer(std::size_t expected = 0) { bytes_.reserve(expected); }

  void u8(std::uint8_t value) { integer(value, 1); }
  void u16(std::uint16_t value) { integer(value, 2); }
  void u32(std::uint32_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  void i32(std::int32_t value) { integer(static_cast<std::uint32_t>(value), 4); }
  void i64(std::int64_t value) { integer(static_cast<std::uint64_t>(value), 8); }
  void id(const uuid& value);

  /// At most 65535 bytes; a longer one makes the whole writer fail.
  void text(std::string_view value);

  /// u32 length and the bytes.
  void blob(std::string_view value);

  /// u32 count of what follows.
  void count(std::size_t value);

  /// False when something did not fit its length field; then `bytes` must not be used.
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

  /// So far.
  [[nodiscard]] std::string_view written() const { return bytes_; }

 private:
  void integer(std::uint64_t value, int width);

  std::string bytes_;
  bool good_ = true;
};

/// Reads in order; the first failure sticks and every later read answers zero or empty.
class layout_reader {
 public:
  explicit layout_reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  std::int32_t i32() { return static_cast<std::int32_t>(static_cast<std::uint32_t>(integer(4))); }
  std::int64_t i64() { return static_cast<std::int64_t>(integer(8)); }
  uuid id();
  std::string text();
  std::string_view blob();

  /// A count of elements of at least `smallest` bytes each; fails when the bytes left cannot hold them.
  std::size_t count(std::size_t smallest);

  /// Bytes that were not read yet.
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  void fail() { good_ = false; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::uint64_t integer(std::size_t width);
  std::string_view take(std::size_t size);

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace tidegate::smq
