#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidegate {

/// How many bytes the character has that `text`, which is not empty, begins with; 0: it begins with none. Overlong
/// forms, surrogates and what is above U+10FFFF are none.
std::size_t utf8_character_size(std::string_view text);

/// The first bytes of the text, `most` at the most and no part of a character. For well-formed text.
std::string_view utf8_prefix(std::string_view text, std::size_t most);

bool is_well_formed_utf8(std::string_view text);

/// The text as Java's `new String(bytes, UTF_8)` has it: U+FFFD for each byte that begins no character, together with
/// those behind it that could have continued one. Up to three times as long. Java takes a surrogate's three bytes
/// together, too, which Unicode (table 3-8) replaces one by one.
std::string well_formed_utf8(std::string_view text);

}  // namespace tidegate
