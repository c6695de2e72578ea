#pragma once

#include <deque>
#include <functional>
#include <utility>

namespace tidegate::smq::testing {

/// What an actor's mailbox is to smq/: runs one thing after the other, never before the call that brought it returns.
class run_queue {
 public:
  [[nodiscard]] std::function<void(std::function<void()>)> later() {
    return [this](std::function<void()> f) { waiting_.push_back(std::move(f)); };
  }

  /// False: there was nothing.
  bool run_one() {
    if (waiting_.empty()) return false;
    auto f = std::move(waiting_.front());
    waiting_.pop_front();
    f();
    return true;
  }

  void run_all() {
    while (run_one()) {
    }
  }

 private:
  std::deque<std::function<void()>> waiting_;
};

}  // namespace tidegate::smq::testing
