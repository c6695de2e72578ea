#pragma once

#include "tests/actors/store_fixture.hpp"

#include <chrono>

namespace tidegate::test {

/// Every append is a file of its own; none is merged while the partition is in use.
inline actors::partition_settings files_apart(std::chrono::milliseconds idle_after = std::chrono::milliseconds{200}) {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 1;
  settings.merges.min_sources = 1000;
  settings.tail_bytes = 0;
  settings.idle_after = idle_after;
  return settings;
}

}  // namespace tidegate::test
