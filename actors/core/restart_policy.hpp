#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>

namespace tidegate::core {

/// OTP's restart intensity and an exponential backoff, as a value. Time comes in as an argument.
class restart_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::milliseconds;

  struct limits {
    std::size_t max_restarts = 5;  // within `window`; one more means "keep it down until the window has passed"
    duration window{60'000};
    duration first_backoff{50};
    duration max_backoff{5'000};
  };

  restart_policy() = default;
  explicit restart_policy(limits l) : limits_(l) {}

  /// Records a crash at `now` and says when the child may be started again.
  time_point crashed(time_point now) {
    while (!crashes_.empty() && crashes_.front() + limits_.window <= now) crashes_.pop_front();
    crashes_.push_back(now);
    if (crashes_.size() > limits_.max_restarts) return crashes_.front() + limits_.window;
    const duration backoff = limits_.first_backoff * (1LL << std::min<std::size_t>(crashes_.size() - 1, 16));
    return now + std::min(backoff, limits_.max_backoff);
  }

  /// True while the child crashed more often than the limit within the window.
  [[nodiscard]] bool is_quarantined(time_point now) const {
    return crashes_.size() > limits_.max_restarts && now < crashes_.front() + limits_.window;
  }

  /// True when no crash counts any more: this policy is as good as a new one.
  [[nodiscard]] bool is_clean(time_point now) const {
    return crashes_.empty() || crashes_.back() + limits_.window <= now;
  }

 private:
  limits limits_;
  std::deque<time_point> crashes_;
};

}  // namespace tidegate::core
