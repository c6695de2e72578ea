#pragma once

#include <atomic>
#include <memory>

namespace tidegate {

/// A setting that one thread may change while others read it. Copies are the same setting: `set` changes all of them,
/// while an assignment makes this one a copy of another. Each reading is the old value or the new one; of two settings
/// that change together somebody may see one earlier. Thread: any, but for assignments.
template <class T>
class live {
 public:
  live(T value) : value_(std::make_shared<std::atomic<T>>(value)) {}

  [[nodiscard]] T get() const { return value_->load(std::memory_order_relaxed); }
  operator T() const { return get(); }

  void set(T value) const { value_->store(value, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<T>> value_;
};

}  // namespace tidegate
