#pragma once

#include "messages/common/utf8.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace tidegate::actors::handlers {

/// A client's own text as an error message repeats it: cut, because the whole message must fit into a Kafka string.
inline std::string shown(std::string_view text) {
  constexpr std::size_t most = 300;  // more than the longest legal topic name
  return std::string(utf8_prefix(text, most)) + (text.size() > most ? "..." : "");
}

}  // namespace tidegate::actors::handlers
