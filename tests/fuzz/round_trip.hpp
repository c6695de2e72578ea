#pragma once

#include "tests/fuzz/target.hpp"

#include <concepts>
#include <optional>
#include <string>

namespace tidegate::fuzz {

inline std::string text_of(std::string bytes) { return bytes; }
inline std::string text_of(std::optional<std::string> bytes) {
  require(bytes.has_value(), "what was decoded fits into its layout");
  return std::move(*bytes);
}
inline std::string text_of(const byte_buffer& bytes) { return std::string(as_text(bytes)); }

/// What `decode` takes is encoded to bytes that decode to the same value, also with bytes of a newer program behind
/// them, and to the same bytes.
template <class Decode, class Encode>
void round_trip(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = within_budget(bytes.size(), [&] { return decode(bytes); });
  if (!value) return;
  const auto stored = text_of(encode(*value));
  const auto again = decode(std::string_view(stored));
  require(again.has_value(), "what is encoded is decoded");
  if constexpr (std::equality_comparable<decltype(*value)>)
    require(*again == *value, "a value survives the round trip");
  require(text_of(encode(*again)) == stored, "a value has one encoding");
  const auto with_more = stored + "newer";  // stays while there are views into it
  const auto longer = decode(std::string_view(with_more));
  require(longer && text_of(encode(*longer)) == stored, "trailing bytes are ignored");
}

}  // namespace tidegate::fuzz
