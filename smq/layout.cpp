#include "smq/layout.hpp"

#include <array>
#include <cstring>
#include <limits>

namespace tidegate::smq {

void layout_writer::integer(std::uint64_t value, int width) {
  std::array<char, sizeof(value)> bytes;
  for (int i = width; i-- > 0; value >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(value);
  bytes_.append(bytes.data(), static_cast<std::size_t>(width));
}

void layout_writer::id(const uuid& value) {
  bytes_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
}

void layout_writer::text(std::string_view value) {
  if (value.size() > std::numeric_limits<std::uint16_t>::max()) {
    good_ = false;
    return;
  }
  u16(static_cast<std::uint16_t>(value.size()));
  bytes_.append(value);
}

void layout_writer::blob(std::string_view value) {
  count(value.size());
  if (good_) bytes_.append(value);
}

void layout_writer::count(std::size_t value) {
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    good_ = false;
    return;
  }
  u32(static_cast<std::uint32_t>(value));
}

std::string_view layout_reader::take(std::size_t size) {
  if (!good_ || size > rest_.size()) {
    good_ = false;
    return {};
  }
  auto taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t layout_reader::integer(std::size_t width) {
  std::uint64_t value = 0;
  for (char byte : take(width)) value = (value << 8) | static_cast<unsigned char>(byte);
  return value;
}

uuid layout_reader::id() {
  uuid value;
  auto bytes = take(value.bytes.size());
  if (good_) std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
  return value;
}

std::string layout_reader::text() { return std::string(take(u16())); }

std::string_view layout_reader::blob() { return take(u32()); }

std::size_t layout_reader::count(std::size_t smallest) {
  std::size_t value = u32();
  if (!good_ || value > rest_.size() / smallest) {
    good_ = false;
    return 0;
  }
  return value;
}

}  // namespace tidegate::smq
