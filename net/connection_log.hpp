#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

namespace tidegate::net {

/// What became of a connection; valid during the call.
struct connection_event {
  std::string_view what;  // "connection closed"
  std::uint64_t id = 0;   // 0: it was none yet
  std::string_view peer{};
  std::string_view reason{};
  std::uint64_t left_out = 0;  // events that were not written since the last one
};

/// Thread: any.
using log_function = std::function<void(const connection_event&)>;

/// A flood of connections must not become a flood of lines: `burst` of them at once, after that `per_second`. The next
/// line says how many were left out. Thread: any.
class connection_log {
 public:
  /// `to`: may be null, then nothing is written.
  connection_log(log_function to, double burst, double per_second)
    : to_(std::move(to)), burst_(burst), per_second_(per_second), may_write_(burst) {}

  void write(connection_event event, std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now()) {
    if (!to_) return;
    std::lock_guard lock(mutex_);
    const std::chrono::duration<double> since = now - last_;
    last_ = now;
    may_write_ = std::min(burst_, may_write_ + std::max(since.count(), 0.0) * per_second_);
    if (may_write_ < 1) {
      ++left_out_;
      return;
    }
    may_write_ -= 1;
    event.left_out = std::exchange(left_out_, 0);
    to_(event);
  }

 private:
  const log_function to_;
  const double burst_;
  const double per_second_;
  std::mutex mutex_;  // guards everything below
  double may_write_;
  std::chrono::steady_clock::time_point last_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace tidegate::net
