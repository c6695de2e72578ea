#include "actors/runtime/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace tidegate::actors {

std::size_t raise_descriptor_limit() {
  constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
  constexpr std::size_t kept_back = 512;  // volumes and RocksDB take about 200, a cluster's stores some hundred
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return no_limit;
  if (files.rlim_cur != files.rlim_max) {
    const rlimit wanted{files.rlim_max, files.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) files = wanted;
  }
  if (files.rlim_cur == RLIM_INFINITY) return no_limit;
  const std::size_t limit = files.rlim_cur;
  return std::max(limit / 2, limit - std::min(limit, kept_back));
}

}  // namespace tidegate::actors
