#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace tidegate::smq::testing {

/// What an actor's mailbox is to smq/: runs one thing after the other, never before the call that brought it returns.
/// Things may come from any thread.
class run_queue {
 public:
  [[nodiscard]] std::function<void(std::function<void()>)> later() {
    return [this](std::function<void()> f) {
      const std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(f));
      came_.notify_all();
    };
  }

  /// False: there was nothing.
  bool run_one() {
    std::unique_lock lock{mutex_};
    if (waiting_.empty()) return false;
    auto f = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    f();
    return true;
  }

  void run_all() {
    while (run_one()) {
    }
  }

  /// Also waits for what other threads bring. False: nothing came for 30 s.
  template <class F>
  bool run_until(F condition) {
    while (!condition()) {
      if (run_one()) continue;
      std::unique_lock lock{mutex_};
      if (!came_.wait_for(lock, std::chrono::seconds{30}, [this] { return !waiting_.empty(); })) return false;
    }
    return true;
  }

 private:
  std::mutex mutex_;  // guards waiting_
  std::condition_variable came_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace tidegate::smq::testing
