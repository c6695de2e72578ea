#pragma once

#include <array>
#include <compare>
#include <cstddef>

namespace tidegate {

/// A topic id, an incarnation or a transaction id: 128 bits in wire order. All zero means "none" (KIP-516).
struct uuid {
  std::array<std::byte, 16> bytes{};

  friend auto operator<=>(const uuid&, const uuid&) = default;
};

}  // namespace tidegate
