#include "net/work_pool.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <pthread.h>

#include <chrono>
#include <thread>
#include <utility>

namespace tidegate::net {

namespace {

namespace asio = boost::asio;

// So long, and as long as one of them takes, jobs wait for events and events for jobs.
constexpr std::chrono::microseconds turn{200};

using clock = std::chrono::steady_clock;

}  // namespace

struct work_pool::thread {
  thread(const work_pool& of, std::size_t number) : pool(of), index(number) {}

  const work_pool& pool;
  const std::size_t index;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  bool is_called = false;
  std::thread runs;
};

thread_local work_pool::thread* work_pool::here_ = nullptr;

work_pool::work_pool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.push_back(std::make_unique<thread>(*this, i));
  for (auto& one : threads_) one->runs = std::thread([this, me = one.get()] { run(*me); });
}

work_pool::~work_pool() { stop(); }

asio::io_context& work_pool::context(std::size_t index) { return threads_[index]->context; }

bool work_pool::submit(const job& one) {
  thread* sleeper = nullptr;
  {
    const std::lock_guard lock{mutex_};
    if (stopped_) return false;
    jobs_.push_back(one);
    const bool is_mine = here_ != nullptr && &here_->pool == this;
    if (is_mine) std::erase(sleepers_, here_);  // an event woke it
    sleeper = to_wake(is_mine ? 1 : 0);
  }
  wake(sleeper);
  return true;
}

/// Called with the mutex. Who sleeps although there are more jobs than threads that are about to take one; the last one
/// that went to sleep, because what it needs may still be in its caches. nullptr: nobody.
work_pool::thread* work_pool::to_wake(std::size_t jobs_taken_care_of) {
  if (sleepers_.empty() || jobs_.size() <= called_ + jobs_taken_care_of) return nullptr;
  auto* one = sleepers_.back();
  sleepers_.pop_back();
  one->is_called = true;
  ++called_;
  return one;
}

void work_pool::wake(thread* one) {
  if (one != nullptr) asio::post(one->context, [] {});
}

void work_pool::run(thread& me) {
  here_ = &me;
  pthread_setname_np(pthread_self(), "pool");  // NOLINT: best effort
  do {
    // Events come first: what those that are there bring is done, and written, together.
    run_events(me);
    const auto until = clock::now() + turn;
    while (run_job(me) && clock::now() < until) {
    }
  } while (wait(me));
}

void work_pool::run_events(thread& me) {
  const auto until = clock::now() + turn;
  while (me.context.poll_one() > 0 && clock::now() < until) {
  }
}

/// False: there was none.
bool work_pool::run_job(thread& me) {
  job one;
  thread* sleeper = nullptr;
  {
    const std::lock_guard lock{mutex_};
    if (jobs_.empty()) return false;
    one = jobs_.front();
    jobs_.pop_front();
    sleeper = to_wake(0);  // this one may take long
  }
  wake(sleeper);
  one.run(one.owner, one.what, me.index);
  return true;
}

/// Waits for an event, unless there is a job. False: the pool ends.
bool work_pool::wait(thread& me) {
  {
    const std::lock_guard lock{mutex_};
    if (!jobs_.empty()) return true;
    if (stopping_) return false;
    sleepers_.push_back(&me);
  }
  me.context.run_one();
  const std::lock_guard lock{mutex_};
  std::erase(sleepers_, &me);
  if (std::exchange(me.is_called, false)) --called_;
  return true;
}

std::deque<work_pool::job> work_pool::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  for (auto& one : threads_) wake(one.get());
  for (auto& one : threads_) {
    if (one->runs.joinable()) one->runs.join();
  }
  // Handlers may hold what holds this pool.
  for (auto& one : threads_) one->context.poll();
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  return std::exchange(jobs_, {});
}

}  // namespace tidegate::net
