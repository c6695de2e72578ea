#include "messages/kafka/frame_header.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>

namespace tidegate::kafka {

namespace {

constexpr std::uint32_t lz4_magic = 0x184D2204;
constexpr std::uint32_t zstd_magic = 0xFD2FB528;

/// Takes little-endian numbers off a buffer. After a failure everything is 0.
class walker {
 public:
  explicit walker(byte_view bytes) : all_(bytes) {}

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    const auto from = take(bytes);
    for (std::size_t i = from.size(); i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(from[i]);
    return value;
  }
  byte_view take(std::uint64_t bytes) {
    is_ok_ = is_ok_ && bytes <= all_.size() - at_;
    if (!is_ok_) return {};
    const auto taken = all_.subspan(at_, static_cast<std::size_t>(bytes));
    at_ += taken.size();
    return taken;
  }

  [[nodiscard]] bool is_ok() const { return is_ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  byte_view all_;
  std::size_t at_ = 0;
  bool is_ok_ = true;
};

/// The first `header_size` bytes of `input` and what is behind them up to `size`.
frame cut(byte_view& input, std::size_t header_size, std::size_t size) {
  frame out;
  out.header_size = header_size;
  std::copy_n(input.begin(), header_size, out.header.begin());
  out.blocks = input.subspan(header_size, size - header_size);
  input = input.subspan(size);
  return out;
}

/// A frame of user data.
std::optional<frame> take_skippable(byte_view& input) {
  walker from{input};
  if ((from.number(4) & 0xFFFFFFF0U) != 0x184D2A50U) return std::nullopt;
  from.take(from.number(4));
  return from.is_ok() ? std::optional{cut(input, 8, from.at())} : std::nullopt;
}

std::byte lz4_header_checksum(byte_view descriptor) {
  return static_cast<std::byte>(XXH32(descriptor.data(), descriptor.size(), 0) >> 8U & 0xFFU);
}

/// 64 KiB, 256 KiB, 1 MiB, 4 MiB.
std::uint64_t lz4_block_bytes(unsigned id) { return std::uint64_t{1} << (8 + 2 * id); }

/// The most that one block can hold; nothing is denser than a match of 255 bytes for one. Nullopt: one holds nothing,
/// which ends the stream for Kafka's clients when it is plain, and stops them when it is compressed (to one byte).
std::optional<std::uint64_t> largest_lz4_block(walker& from, std::uint64_t limit, unsigned flags) {
  constexpr std::uint64_t densest = 255;
  std::uint64_t largest = 0;
  for (auto size = from.number(4); from.is_ok() && size != 0; size = from.number(4)) {
    const bool is_plain = (size & 0x80000000U) != 0;
    size &= 0x7FFFFFFFU;
    if (size < (is_plain ? 1U : 2U)) return std::nullopt;
    largest = std::max(largest, std::min(is_plain ? size : size * densest, limit));
    from.take(size + ((flags & 0x10U) != 0 ? 4 : 0));
  }
  return largest;
}

/// What a window descriptor stands for: 1 KiB to 3.75 TiB.
std::uint64_t zstd_window(unsigned descriptor) {
  const auto base = std::uint64_t{1} << (10 + (descriptor >> 3U));
  return base + base / 8 * (descriptor & 7U);
}

/// The smallest descriptor for at least so many bytes.
unsigned zstd_descriptor(std::uint64_t bytes) {
  unsigned descriptor = 0;
  while (zstd_window(descriptor) < bytes) ++descriptor;
  return descriptor;
}

/// The most that the blocks can come to.
std::optional<std::uint64_t> zstd_output(walker& from, std::uint64_t window) {
  const auto block_limit = std::min<std::uint64_t>(window, 128U << 10U);
  std::uint64_t output = 0;
  for (bool is_last = false; !is_last && from.is_ok();) {
    const auto block = from.number(3);
    is_last = (block & 1U) != 0;
    const auto kind = block >> 1U & 3U;
    const auto size = block >> 3U;
    if (kind == 3) return std::nullopt;
    output += kind == 2 ? block_limit : size;
    from.take(kind == 1 ? 1 : size);
  }
  return output;
}

}  // namespace

std::optional<frame> take_lz4_frame(byte_view& input) {
  walker from{input};
  if (from.number(4) != lz4_magic) return std::nullopt;
  const auto flags = static_cast<unsigned>(from.number(1));
  // Version 01, independent blocks, nothing reserved, no dictionary.
  if ((flags & 0xE3U) != 0x60U) return std::nullopt;
  const auto id = static_cast<unsigned>(from.number(1) >> 4U & 7U);
  from.take((flags & 8U) != 0 ? 8 : 0);
  const auto checked = from.at();
  const auto checksum = static_cast<std::byte>(from.number(1));
  if (!from.is_ok() || id < 4 || checksum != lz4_header_checksum(input.subspan(4, checked - 4))) return std::nullopt;
  const auto largest = largest_lz4_block(from, lz4_block_bytes(id), flags);
  from.take((flags & 4U) != 0 ? 4 : 0);
  if (!from.is_ok() || !largest || from.at() != input.size()) return std::nullopt;
  auto out = cut(input, checked + 1, from.at());
  auto needed = 4U;
  while (lz4_block_bytes(needed) < *largest) ++needed;
  const auto rest_of_byte = std::to_integer<unsigned>(out.header[5]) & 0x8FU;
  out.header[5] = static_cast<std::byte>(rest_of_byte | needed << 4U);
  out.header[checked] = lz4_header_checksum(byte_view{out.header}.subspan(4, checked - 4));
  return out;
}

std::optional<frame> take_zstd_frame(byte_view& input) {
  walker from{input};
  if (from.number(4) != zstd_magic) return take_skippable(input);
  const auto flags = static_cast<unsigned>(from.number(1));
  const bool is_single = (flags & 0x20U) != 0;
  const auto descriptor = is_single ? 0U : static_cast<unsigned>(from.number(1));
  constexpr std::size_t id_bytes[] = {0, 1, 2, 4};
  from.take(id_bytes[flags & 3U]);
  const std::size_t size_bytes[] = {is_single ? 1U : 0U, 2, 4, 8};
  const auto given = size_bytes[flags >> 6U];
  const auto content = from.number(given) + (given == 2 ? 256 : 0);
  const auto header_size = from.at();
  auto window = is_single ? content : zstd_window(descriptor);
  const auto output = zstd_output(from, window);
  from.take((flags & 4U) != 0 ? 4 : 0);
  if (!from.is_ok() || !output || (given > 0 && content > *output)) return std::nullopt;
  auto out = cut(input, header_size, from.at());
  if (!is_single && *output < window) {
    const auto needed = zstd_descriptor(*output);
    window = zstd_window(needed);
    out.header[5] = static_cast<std::byte>(needed);
  }
  out.window_bytes = window;
  return out;
}

}  // namespace tidegate::kafka
