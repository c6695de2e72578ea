#include "messages/common/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace tidegate {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// A character, or the bytes that Java replaces by one.
struct piece {
  std::size_t bytes;
  bool is_character;
};

piece first_piece(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const auto first = byte(0);
  if (first < 0x80) return {1, true};
  if (first < 0xC2 || first > 0xF4) return {1, false};
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint8_t lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  std::uint8_t highest = first == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t at = 1; at < size; ++at) {
    if (at == text.size() || byte(at) < lowest || byte(at) > highest) return {at, false};
    lowest = 0x80;
    highest = 0xBF;
  }
  const bool is_surrogate = first == 0xED && byte(1) > 0x9F;
  return {size, !is_surrogate};
}

/// How many bytes there are before the first that begins no character.
std::size_t well_formed_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const auto next = first_piece(text.substr(at));
    if (!next.is_character) return at;
    at += next.bytes;
  }
  return at;
}

}  // namespace

std::size_t utf8_character_size(std::string_view text) {
  const auto first = first_piece(text);
  return first.is_character ? first.bytes : 0;
}

std::string_view utf8_prefix(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<std::uint8_t>(text[most]) & 0xC0U) == 0x80) --most;
  return text.substr(0, most);
}

bool is_well_formed_utf8(std::string_view text) { return well_formed_prefix(text) == text.size(); }

std::string well_formed_utf8(std::string_view text) {
  auto good = well_formed_prefix(text);
  std::string out(text.substr(0, good));
  while (good < text.size()) {
    text.remove_prefix(good);
    text.remove_prefix(first_piece(text).bytes);
    good = well_formed_prefix(text);
    out += replacement;
    out += text.substr(0, good);
  }
  return out;
}

}  // namespace tidegate
