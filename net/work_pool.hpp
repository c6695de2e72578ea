#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace tidegate::net {

/// Threads that wait for sockets and, in between, do the jobs that requests become. Whoever reads a request usually
/// goes on with it until it waits for the store, so that no other thread has to be woken for it: in a virtual machine
/// that costs more than most requests. Each thread has an io_context of its own; the jobs are in one queue, oldest
/// first. A thread that brings one job does it itself, as soon as it is through with what it is doing; of more than one
/// the others get their share at once.
class work_pool {
 public:
  /// Something to be done once, by any thread of the pool. It must not throw, and should not wait.
  struct job {
    void (*run)(void* owner, void* what, std::size_t thread) = nullptr;
    void* owner = nullptr;
    void* what = nullptr;
  };

  /// `threads`: at least 1.
  explicit work_pool(std::size_t threads);
  ~work_pool();  // not on a thread of the pool
  work_pool(const work_pool&) = delete;
  work_pool& operator=(const work_pool&) = delete;

  [[nodiscard]] std::size_t size() const { return threads_.size(); }

  /// Of one thread, where its handlers run.
  [[nodiscard]] boost::asio::io_context& context(std::size_t index);

  /// Thread: any. False: the pool has ended, the job is not done.
  bool submit(const job& one);

  /// Does what is queued, also what that brings, ends the threads and joins them. What was submitted too late is left
  /// undone and returned. Not on a thread of the pool; idempotent.
  std::deque<job> stop();

 private:
  struct thread;

  void run(thread& me);
  static void run_events(thread& me);
  bool run_job(thread& me);
  bool wait(thread& me);
  thread* to_wake(std::size_t jobs_taken_care_of);
  static void wake(thread* one);

  static thread_local thread* here_;  // nullptr: not a thread of any pool

  std::vector<std::unique_ptr<thread>> threads_;
  std::mutex mutex_;  // guards everything below
  std::deque<job> jobs_;
  std::vector<thread*> sleepers_;  // wait for events; the last one went to sleep last
  std::size_t called_ = 0;         // were woken for a job and are on their way to it
  bool stopping_ = false;
  bool stopped_ = false;
};

}  // namespace tidegate::net
