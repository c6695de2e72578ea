#pragma once

#include <cstdint>

namespace tidegate {

/// Where the batches of a leader epoch begin.
struct epoch_start {
  std::int32_t epoch = 0;
  std::int64_t start_offset = 0;
  friend bool operator==(const epoch_start&, const epoch_start&) = default;
};

}  // namespace tidegate
