#include "messages/common/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>

namespace tidegate {

std::uint32_t crc32c(byte_view bytes, std::uint32_t previous) {
  constexpr std::size_t most_at_once = std::size_t{1} << 30U;  // the library counts in int
  auto state = ~previous;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), most_at_once));
    // It only reads, whatever its parameter says.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes = bytes.subspan(piece.size());
  }
  return ~state;
}

}  // namespace tidegate
