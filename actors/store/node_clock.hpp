#pragma once

#include "actors/core/clock_steps.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace tidegate::actors {

/// Wall clock. Safety never depends on it.
inline std::int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
    .count();
}

inline std::int64_t wall_ms() { return wall_ns() / 1'000'000; }

/// The wall clock for what partitions store, and how old that is. Thread: any.
class node_clock {
 public:
  explicit node_clock(std::function<std::int64_t()> wall = actors::wall_ns)
    : wall_(std::move(wall)), started_ms_(steady_ms()) {
    wall_ns();  // the first look, which is believed
  }

  std::int64_t wall_ns() {
    const auto now_ns = wall_();
    const std::lock_guard lock{mutex_};
    steps_.look(now_ns / ns_per_ms, steady_ms());
    return now_ns;
  }

  std::int64_t wall_ms() { return wall_ns() / ns_per_ms; }

  /// What time it is for whoever forgets what was stored more than `max_age` ago. A clock that was behind and is put
  /// right would make all of it old that was stored a moment ago: a step counts after `max_age`, when it is. Nothing is
  /// known of steps before this process, so nothing is forgotten (nullopt) in its first `doubt`.
  std::optional<std::int64_t> age_now_ms(std::chrono::milliseconds max_age, std::chrono::milliseconds doubt) {
    const auto now_ms = wall_() / ns_per_ms;
    const std::lock_guard lock{mutex_};
    const auto steady = steady_ms();
    const auto believed_ms = steps_.believed_ms(now_ms, steady, max_age.count());
    if (steady - started_ms_ < std::min(doubt, max_age).count()) return std::nullopt;
    return believed_ms;
  }

 private:
  static constexpr std::int64_t ns_per_ms = 1'000'000;
  static constexpr std::int64_t tolerance_ms = 60'000;  // clocks that are slewed drift apart much more slowly

  /// With the time that the machine was suspended for, which is no step of the clock.
  static std::int64_t steady_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / ns_per_ms;
  }

  std::function<std::int64_t()> wall_;
  std::int64_t started_ms_;
  std::mutex mutex_;  // guards the next one
  core::clock_steps steps_{tolerance_ms};
};

}  // namespace tidegate::actors
