#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace tidegate::smq::embedded {

/// Threads for reads that have to wait for the disk: who asked for one goes on meanwhile. Thread: any.
class disk_reads {
 public:
  /// `max_waiting`: reads that are under way or wait for a thread.
  disk_reads(std::size_t threads, std::size_t max_waiting);
  ~disk_reads();
  disk_reads(const disk_reads&) = delete;
  disk_reads& operator=(const disk_reads&) = delete;

  /// Runs what waits, and what that asks for meanwhile. Afterwards nothing is run any more.
  void finish();

  /// False: too many wait; `read` will not run.
  bool run(std::function<void()> read);

  /// Runs `hint` on a thread of its own, so that no read waits for it; forgets it when many wait.
  void run_hint(std::function<void()> hint);

 private:
  struct pools;
  std::unique_ptr<pools> pools_;
};

}  // namespace tidegate::smq::embedded
