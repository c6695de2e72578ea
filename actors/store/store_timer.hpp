#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace tidegate::actors {

/// Runs the store's few delayed retries on one thread that sleeps until the next is due. Thread: any.
class store_timer {
 public:
  store_timer() : thread_([state = state_] { state->run(); }) {}

  ~store_timer() {
    {
      std::lock_guard lock(state_->mutex);
      state_->stopped = true;
    }
    state_->wake.notify_one();
    thread_.join();
  }

  store_timer(const store_timer&) = delete;
  store_timer& operator=(const store_timer&) = delete;

  /// May be called after the timer is gone: then nothing runs.
  std::function<void(std::chrono::milliseconds, std::function<void()>)> run_after() {
    return [state = state_](std::chrono::milliseconds delay, std::function<void()> f) {
      {
        std::lock_guard lock(state->mutex);
        if (state->stopped) return;
        state->due.emplace(std::chrono::steady_clock::now() + delay, std::move(f));
      }
      state->wake.notify_one();
    };
  }

 private:
  struct shared_state {
    void run() {
      std::unique_lock lock(mutex);
      while (!stopped) {
        if (due.empty()) {
          wake.wait(lock);
          continue;
        }
        const auto next = due.begin()->first;
        if (std::chrono::steady_clock::now() < next) {
          wake.wait_until(lock, next);
          continue;
        }
        auto f = std::move(due.begin()->second);
        due.erase(due.begin());
        lock.unlock();
        f();
        f = nullptr;  // what it holds goes without the mutex
        lock.lock();
      }
      const auto dropped = std::move(due);  // and so does this
      lock.unlock();
    }

    std::mutex mutex;  // guards everything below
    std::condition_variable wake;
    std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> due;
    bool stopped = false;
  };

  std::shared_ptr<shared_state> state_ = std::make_shared<shared_state>();
  std::thread thread_;
};

}  // namespace tidegate::actors
