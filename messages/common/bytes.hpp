#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace tidegate {

using byte_view = std::span<const std::byte>;
using byte_buffer = std::vector<std::byte>;

inline byte_view as_byte_view(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

inline std::string_view as_text(byte_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An immutable slice of a shared buffer. Copying it copies a pointer, never bytes: a record batch travels from the
/// socket's frame to the store, and from the store to the socket, as slices.
class shared_bytes {
 public:
  shared_bytes() = default;

  explicit shared_bytes(byte_buffer&& buffer) {
    auto owner = std::make_shared<byte_buffer>(std::move(buffer));
    view_ = *owner;
    owner_ = std::move(owner);
  }

  shared_bytes(std::shared_ptr<const void> owner, byte_view view) : owner_(std::move(owner)), view_(view) {}

  static shared_bytes copy_of(byte_view bytes) { return shared_bytes(byte_buffer(bytes.begin(), bytes.end())); }

  [[nodiscard]] byte_view view() const { return view_; }
  [[nodiscard]] const std::byte* data() const { return view_.data(); }
  [[nodiscard]] std::size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }

  /// The `count` bytes from `position`; both must lie inside this slice.
  [[nodiscard]] shared_bytes slice(std::size_t position, std::size_t count) const {
    return {owner_, view_.subspan(position, count)};
  }

  /// Write access for the one owner of a frame that nobody else reads yet: the offset actor sets base offset and
  /// leader epoch in the header of a produced batch before it hands the batch on.
  [[nodiscard]] std::span<std::byte> writable() const {
    return {const_cast<std::byte*>(view_.data()), view_.size()};
  }

  friend bool operator==(const shared_bytes& a, const shared_bytes& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
  }

 private:
  std::shared_ptr<const void> owner_;
  byte_view view_;
};

}  // namespace tidegate
