#pragma once

#include "messages/common/counter.hpp"

namespace tidegate::kafka {

/// What decoding counts; see messages/common/counter.hpp.
struct decoding_counters {
  counter too_many_elements;  // requests: limits.elements_per_request
  counter too_large_records;  // compressed batches: limits.decompressed_bytes
};

inline constinit decoding_counters counted{};

}  // namespace tidegate::kafka
