#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/uuid.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

// Kafka's primitive types. In flexible versions lengths are unsigned varints of length + 1, else int16 or int32.
namespace tidegate::kafka {

inline constexpr std::size_t longest_string = 32'767;  // bytes; also in flexible versions

/// Reads primitives off a body. After the first failure every read yields zero or empty and `ok()` stays false, so
/// callers check once, at the end.
class wire_reader {
 public:
  // A frame of 100 MiB could otherwise claim 100 million structs of a hundred bytes each.
  static constexpr std::uint64_t default_max_elements = 1'000'000;

  wire_reader(shared_bytes body, bool is_flexible, std::uint64_t max_elements = default_max_elements)
    : body_(std::move(body)), end_(body_.size()), max_elements_(max_elements), is_flexible_(is_flexible) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool is_flexible() const { return is_flexible_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t bytes_left() const { return end_ - position_; }

  void fail();

  template <std::integral T>
  T integer() {
    if (!take(sizeof(T))) return 0;
    std::make_unsigned_t<T> value = 0;
    for (std::size_t i = position_ - sizeof(T); i < position_; ++i) {
      value = static_cast<std::make_unsigned_t<T>>((std::uint64_t{value} << 8) | std::to_integer<std::uint64_t>(at(i)));
    }
    return static_cast<T>(value);
  }

  bool boolean() { return integer<std::int8_t>() != 0; }
  uuid id();
  std::uint32_t unsigned_varint();

  /// Length of a string, of bytes or of records; nullopt is null. Never more than the bytes left.
  std::optional<std::size_t> string_length();
  std::optional<std::size_t> bytes_length();

  /// Number of elements; nullopt is null. Never more than fit into the bytes left at `min_element_size` each.
  std::optional<std::size_t> array_length(std::size_t min_element_size);

  /// Always UTF-8, as Java's clients decode it: they send names back as they understood them. Fails when that is longer
  /// than longest_string and could not be written again.
  std::string text(std::size_t length);
  shared_bytes slice(std::size_t length);

  /// Confines reads to the next `size` bytes; returns what `leave` needs to undo that.
  std::size_t enter(std::size_t size);
  /// Fails unless all the bytes of the confinement have been read.
  void leave(std::size_t outer_end);

 private:
  [[nodiscard]] std::byte at(std::size_t index) const { return body_.view()[index]; }
  bool take(std::size_t count);
  std::optional<std::size_t> checked(std::int64_t length, std::int64_t max);

  shared_bytes body_;
  std::size_t position_ = 0;
  std::size_t end_;
  std::uint64_t elements_ = 0;  // of all arrays so far
  std::uint64_t max_elements_;
  bool is_flexible_;
  bool ok_ = true;
};

/// Collects a body as parts: what is written goes into a buffer, slices become parts of their own.
class wire_writer {
 public:
  explicit wire_writer(bool is_flexible) : is_flexible_(is_flexible) {}

  [[nodiscard]] bool is_flexible() const { return is_flexible_; }

  template <std::integral T>
  void integer(T value) {
    for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
      buffer_.push_back(static_cast<std::byte>(static_cast<std::make_unsigned_t<T>>(value) >> shift));
    }
  }

  void boolean(bool value) { integer<std::int8_t>(value ? 1 : 0); }
  void raw(byte_view bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  void unsigned_varint(std::uint32_t value);

  /// nullopt writes null. Errors: throws std::length_error over longest_string and 2^31 - 2 respectively.
  void string_length(std::optional<std::size_t> length);
  void length(std::optional<std::size_t> length);

  /// Appends `bytes` as a part of its own, without copying.
  void slice(const shared_bytes& bytes);

  /// The parts in order; the writer is empty afterwards.
  std::vector<shared_bytes> finish();

 private:
  void flush();

  byte_buffer buffer_;
  std::vector<shared_bytes> parts_;
  bool is_flexible_;
};

}  // namespace tidegate::kafka
