#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tidegate {

/// What somebody may still do of what is limited per second: ten seconds' worth at once, and then as fast as it refills.
/// Time comes in as an argument.
class rate_credit {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr double burst_seconds = 10;

  rate_credit(double per_second, time_point now) : credit_(burst_seconds * per_second), counted_at_(now) {}

  /// `per_second`: as before.
  [[nodiscard]] bool has_one(double per_second, time_point now) {
    credit_ = credit_at(per_second, now);
    counted_at_ = now;
    return credit_ >= 1;
  }
  void take_one() { take(1); }
  /// More than there is: it is owed.
  void take(std::int64_t count) { credit_ -= static_cast<double>(count); }

  /// It has as much as a new one.
  [[nodiscard]] bool is_full(double per_second, time_point now) const {
    return credit_at(per_second, now) >= burst_seconds * per_second;
  }

  /// Until it has one, as last looked at.
  [[nodiscard]] std::chrono::milliseconds until_one(double per_second) const {
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>((1 - credit_) / per_second));
  }

 private:
  [[nodiscard]] double credit_at(double per_second, time_point now) const {
    const auto seconds = std::chrono::duration<double>(now - counted_at_).count();
    return std::min(credit_ + seconds * per_second, burst_seconds * per_second);
  }

  double credit_;
  time_point counted_at_;
};

}  // namespace tidegate
