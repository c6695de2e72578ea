#pragma once

#include "actors/core/creations.hpp"
#include "actors/core/fair_queue.hpp"
#include "net/work_pool.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::actors {

/// Threads for what takes a tenth of a second at a time and touches no state: compressed batches of many megabytes. On
/// the threads of the actors it would hold up everybody's connections. Clients get them in turn: one that sends nothing
/// else delays another's by one of its own per thread. Thread: any; the destructor calls end(), so that none of its own
/// threads may let it go.
class inflater {
 public:
  /// What becomes no more than that is decompressed on the actor's thread, which takes some milliseconds at most.
  static constexpr std::size_t quick_bytes = std::size_t{1} << 20U;

  explicit inflater(std::size_t threads) : pool_(threads) {}
  ~inflater() { end(); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  /// Waits for what runs and drops what does not yet. Not on a thread of its own; idempotent.
  void end() {
    is_over_ = true;
    pool_.stop();
  }

  /// `work` runs soon, for the client of that host; that of one client in the order of the calls where there is one
  /// thread. A host's connections share its turns: they cost it nothing.
  void run(const std::string& client_host, std::function<void()> work) {
    {
      const std::lock_guard lock{mutex_};
      waiting_.push(core::creations::owner_of(client_host), std::move(work));
    }
    if (!pool_.submit({&inflater::run_next, this, nullptr})) take();
  }

 private:
  static void run_next(void* self, void*, std::size_t) {
    auto* all = static_cast<inflater*>(self);
    const auto work = all->take();
    if (!work || all->is_over_) return;
    try {
      (*work)();
    } catch (const std::bad_alloc&) {  // whoever is to be answered is, by what `work` lets go
    }
  }

  /// Let go without the mutex: whoever is answered then may bring more.
  std::optional<std::function<void()>> take() {
    const std::lock_guard lock{mutex_};
    return waiting_.empty() ? std::nullopt : std::optional{waiting_.pop()};
  }

  std::atomic<bool> is_over_ = false;
  std::mutex mutex_;  // guards the next
  core::fair_queue<std::function<void()>> waiting_;  // a job of the pool for each of them
  net::work_pool pool_;  // does all that it was given before it stops
};

}  // namespace tidegate::actors
