#pragma once

#include <cstddef>
#include <string_view>

namespace tidegate {

/// How many UTF-16 units a text in UTF-8 has: what Java, and so Kafka, takes for its length. Bytes that are no UTF-8
/// count like the characters that they would begin.
constexpr std::size_t utf16_length(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    const bool begins = (byte & 0xC0) != 0x80;
    units += begins ? (byte >= 0xF0 ? 2 : 1) : 0;
  }
  return units;
}

}  // namespace tidegate
