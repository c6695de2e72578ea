#pragma once

#include "net/work_pool.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace tidegate::actors {

/// Threads for what takes a tenth of a second at a time and touches no state: compressed batches of many megabytes. On
/// the threads of the actors it would hold up everybody's connections. Thread: any; the destructor waits for what runs,
/// so that none of its own threads may let it go.
class inflater {
 public:
  explicit inflater(std::size_t threads) : pool_(threads) {}

  /// `work` runs soon, in the order of the calls where there is one thread.
  void run(std::function<void()> work) {
    auto held = std::make_unique<std::function<void()>>(std::move(work));
    if (pool_.submit({&inflater::run_held, nullptr, held.get()})) static_cast<void>(held.release());
  }

 private:
  static void run_held(void*, void* what, std::size_t) {
    const std::unique_ptr<std::function<void()>> held{static_cast<std::function<void()>*>(what)};
    (*held)();
  }

  net::work_pool pool_;  // runs all that it was given before it stops
};

}  // namespace tidegate::actors
