#pragma once

#include "net/work_pool.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace tidegate::actors {

/// Threads for what takes a tenth of a second at a time and touches no state: compressed batches of many megabytes. On
/// the threads of the actors it would hold up everybody's connections. Thread: any; the destructor calls end(), so that
/// none of its own threads may let it go.
class inflater {
 public:
  explicit inflater(std::size_t threads) : pool_(threads) {}
  ~inflater() { end(); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  /// Waits for what runs and drops what does not yet. Not on a thread of its own; idempotent.
  void end() {
    is_over_ = true;
    pool_.stop();
  }

  /// `work` runs soon, in the order of the calls where there is one thread.
  void run(std::function<void()> work) {
    auto held = std::make_unique<std::function<void()>>(std::move(work));
    if (pool_.submit({&inflater::run_held, this, held.get()})) static_cast<void>(held.release());
  }

 private:
  static void run_held(void* self, void* what, std::size_t) {
    const std::unique_ptr<std::function<void()>> held{static_cast<std::function<void()>*>(what)};
    if (static_cast<inflater*>(self)->is_over_) return;
    try {
      (*held)();
    } catch (const std::bad_alloc&) {  // whoever is to be answered is, by what `held` lets go
    }
  }

  std::atomic<bool> is_over_ = false;
  net::work_pool pool_;  // does all that it was given before it stops
};

}  // namespace tidegate::actors
