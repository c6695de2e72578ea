#include "actors/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace tidegate::actors {

std::size_t raise_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return std::numeric_limits<std::size_t>::max();
  if (files.rlim_cur != files.rlim_max) {
    const rlimit wanted{files.rlim_max, files.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) files = wanted;
  }
  return files.rlim_cur == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max() : connections_within(files.rlim_cur);
}

/// Volumes and RocksDB keep about 200 files open, a cluster's stores some hundred connections.
std::size_t connections_within(std::size_t limit) {
  constexpr std::size_t kept_back = 512;
  return std::max(limit / 2, limit - std::min(limit, kept_back));
}

}  // namespace tidegate::actors
