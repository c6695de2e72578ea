#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tidegate::cli::bench {

/// How long things took, in 58 KiB whatever comes: every value is kept to within one part in 128, the largest exactly.
class latency_histogram {
 public:
  /// Negative ones count as 0.
  void record(std::chrono::nanoseconds took);

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// What `share` (0 – 1) of all values are not above; 0 when there are none. Errs to the larger side, never above `max`.
  [[nodiscard]] std::chrono::nanoseconds at(double share) const;

  [[nodiscard]] std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }

 private:
  static constexpr unsigned precision_bits = 7;
  static constexpr std::uint64_t steps = 1U << precision_bits;  // of equal width between two powers of two

  std::array<std::uint64_t, (64 - precision_bits) * steps> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace tidegate::cli::bench
