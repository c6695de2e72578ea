#pragma once

#include "messages/common/rate_credit.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tidegate::net {

struct admission_limits {
  std::size_t connections = 10000;
  std::size_t connections_per_address = 1000;
  std::size_t per_second = 100;  // new ones of one address
};

/// Internal to net/: who may connect. Memory: one row per address that has a connection or opened one in the last ten
/// seconds. Thread: any.
class admissions_by_address : public std::enable_shared_from_this<admissions_by_address> {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit admissions_by_address(admission_limits limits) : limits_(limits) {}

  /// A token that is held as long as the connection is open; null: refused, for the reason `why`.
  std::shared_ptr<void> admit(const std::string& address, time_point now, const char*& why);

  /// For connections that come from now on.
  void follow(const admission_limits& limits);

  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t rows() const;

 private:
  struct row {
    std::size_t open = 0;
    rate_credit credit;  // connections that may be opened now
  };

  void leave(const std::string& address);
  [[nodiscard]] double rate() const { return static_cast<double>(limits_.per_second); }
  void forget_quiet_addresses(time_point now);

  mutable std::mutex mutex_;  // guards what follows
  admission_limits limits_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, row> rows_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace tidegate::net
