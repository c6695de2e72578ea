#pragma once

#include <cstdint>
#include <limits>

namespace tidegate::kafka {

/// In which versions of a message a field exists, and from which one on it may be null (optional fields only).
struct versions {
  std::int16_t first = 0;
  std::int16_t last = std::numeric_limits<std::int16_t>::max();
  std::int16_t null_from = 0;

  [[nodiscard]] constexpr bool contain(std::int16_t version) const { return version >= first && version <= last; }
  [[nodiscard]] constexpr bool allow_null(std::int16_t version) const { return version >= null_from; }
  [[nodiscard]] constexpr versions nullable_since(std::int16_t version) const { return {first, last, version}; }
};

constexpr versions between(std::int16_t first, std::int16_t last) { return versions{first, last, 0}; }

constexpr versions since(std::int16_t first) { return between(first, std::numeric_limits<std::int16_t>::max()); }

constexpr versions until(std::int16_t last) { return between(0, last); }

constexpr versions only(std::int16_t version) { return between(version, version); }

constexpr versions nullable_since(std::int16_t version) { return versions{}.nullable_since(version); }

}  // namespace tidegate::kafka
