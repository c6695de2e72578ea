#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace tidegate::actors {

/// Runs the store's few delayed retries on one thread that sleeps until the next is due. Thread: any.
class store_timer {
 public:
  store_timer() : thread_([this] { run(); }) {}

  ~store_timer() {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  store_timer(const store_timer&) = delete;
  store_timer& operator=(const store_timer&) = delete;

  std::function<void(std::chrono::milliseconds, std::function<void()>)> run_after() {
    return [this](std::chrono::milliseconds delay, std::function<void()> f) {
      {
        std::lock_guard lock(mutex_);
        due_.emplace(std::chrono::steady_clock::now() + delay, std::move(f));
      }
      wake_.notify_one();
    };
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      if (due_.empty()) {
        wake_.wait(lock);
        continue;
      }
      const auto next = due_.begin()->first;
      if (std::chrono::steady_clock::now() < next) {
        wake_.wait_until(lock, next);
        continue;
      }
      auto f = std::move(due_.begin()->second);
      due_.erase(due_.begin());
      lock.unlock();
      f();
      lock.lock();
    }
  }

  std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> due_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace tidegate::actors
