#pragma once

#include "actors/partition/partition_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tidegate::actors {

/// Fetches that wait for records: each is told once when the high watermark is above its offset. They outlast a reload.
class fetch_waits {
 public:
  explicit fetch_waits(partition_log& log) : log_(log) {}

  void wait(const msg::fetch_wait& m);
  void wake();

  /// Whose askers are gone.
  void drop_abandoned();
  [[nodiscard]] bool is_empty() const { return waiters_.empty(); }

 private:
  struct waiter {
    std::int64_t offset = 0;
    reply<bool> answer;
    std::weak_ptr<void> interest;
  };

  partition_log& log_;
  std::vector<waiter> waiters_;
  std::size_t prune_at_ = 64;
};

}  // namespace tidegate::actors
