#pragma once

#include <cstdint>
#include <vector>

namespace tidegate {

/// What is told of a batch that got invalid_timestamp: the range, and its records outside of it. Times in ms.
struct refused_times {
  struct record {
    std::int32_t index = 0;  // in the batch
    std::int64_t timestamp = 0;
    friend bool operator==(const record&, const record&) = default;
  };

  std::int64_t earliest = 0;
  std::int64_t latest = 0;
  std::vector<record> records{};  // the first ones: not all of a large batch
};

}  // namespace tidegate
