#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace tidegate::actors::handlers {

/// How long the client of one answer is to wait: the longest of what its parts say. Thread: any.
class throttle {
 public:
  void at_least(std::int32_t ms) const {
    auto now = ms_->load();
    while (now < ms && !ms_->compare_exchange_weak(now, ms)) {
    }
  }
  [[nodiscard]] std::int32_t ms() const { return ms_->load(); }

 private:
  std::shared_ptr<std::atomic<std::int32_t>> ms_ = std::make_shared<std::atomic<std::int32_t>>(0);
};

}  // namespace tidegate::actors::handlers
