#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

/// What the metrics are made of. Each layer has one header with its own counters (net/counters.hpp, smq/counters.hpp,
/// actors/metrics/counters.hpp): one object per process, because a scrape is of a process. Whoever does something adds to
/// it: one relaxed atomic addition, no look-up, no lock. Only a scrape gives the numbers names and labels
/// (actors/metrics/), so that no layer knows what they are shown as. Thread: any.
namespace tidegate {

/// Only grows.
class counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What is there now.
class gauge {
 public:
  void add(std::int64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// What one object adds to gauges while it lives.
class gauge_share {
 public:
  gauge_share() = default;
  explicit gauge_share(gauge& of, std::int64_t amount = 1) { set(&of, amount); }
  gauge_share(const gauge_share&) = delete;
  gauge_share& operator=(const gauge_share&) = delete;
  ~gauge_share() { set(nullptr, 0); }

  /// From now on `amount` in `of`, and nothing where it was before. Null: nowhere.
  void set(gauge* of, std::int64_t amount = 1) {
    if (of_ == of && amount_ == amount) return;
    if (of_ != nullptr) of_->add(-amount_);
    of_ = of;
    amount_ = amount;
    if (of_ != nullptr) of_->add(amount_);
  }

 private:
  gauge* of_ = nullptr;
  std::int64_t amount_ = 0;
};

/// How often values fell below each of `bounds` (ascending; a value counts at the first bound that is not below it).
template <const auto& bounds>
class histogram {
 public:
  static constexpr std::size_t size = bounds.size() + 1;  // the last bucket takes what is above all bounds

  void observe(std::uint64_t value) {
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
    counts_[static_cast<std::size_t>(at)].add();
    sum_.add(value);
  }

  [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const { return counts_[bucket].value(); }
  [[nodiscard]] std::uint64_t sum() const { return sum_.value(); }

 private:
  std::array<counter, size> counts_;
  counter sum_;
};

/// Nanoseconds, from 0.5 ms to 30 s: what a client or a store across a network takes.
inline constexpr std::array<std::uint64_t, 15> request_bounds{
  500'000,     1'000'000,   2'500'000,     5'000'000,     10'000'000,    25'000'000,     50'000'000,    100'000'000,
  250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000, 30'000'000'000};

/// Nanoseconds, from 50 µs to 10 s: what a disk takes.
inline constexpr std::array<std::uint64_t, 13> disk_bounds{
  50'000,     100'000,     250'000,     500'000,       1'000'000,     2'500'000,     10'000'000,
  50'000'000, 100'000'000, 500'000'000, 1'000'000'000, 5'000'000'000, 10'000'000'000};

inline constexpr std::array<std::uint64_t, 9> count_bounds{1, 2, 5, 10, 50, 100, 500, 1000, 4000};

/// What came in and went out of one topic.
struct topic_counters {
  counter records_in;
  counter bytes_in;
  counter records_out;
  counter bytes_out;
};

}  // namespace tidegate
