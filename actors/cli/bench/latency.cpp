#include "actors/cli/bench/latency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tidegate::cli::bench {

void latency_histogram::record(std::chrono::nanoseconds took) {
  const auto value = std::max<std::int64_t>(took.count(), 0);
  const auto bits = static_cast<std::uint64_t>(value);
  const auto width = static_cast<unsigned>(std::bit_width(bits));
  const auto shift = width > precision_bits + 1 ? width - precision_bits - 1 : 0;
  ++counts_[shift * steps + (bits >> shift)];
  ++count_;
  max_ = std::max(max_, value);
}

std::chrono::nanoseconds latency_histogram::at(double share) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const auto wanted = std::max<std::uint64_t>(
    static_cast<std::uint64_t>(std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_))), 1);
  std::uint64_t seen = 0;
  std::size_t index = 0;
  for (; index + 1 < counts_.size(); ++index) {
    seen += counts_[index];
    if (seen >= wanted) break;
  }
  const std::uint64_t shift = index < 2 * steps ? 0 : index / steps - 1;
  const auto last = ((index - shift * steps + 1) << shift) - 1;  // the largest value that is counted there
  return std::chrono::nanoseconds(std::min(static_cast<std::int64_t>(last), max_));
}

}  // namespace tidegate::cli::bench
