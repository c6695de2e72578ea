#pragma once

#include <atomic>
#include <memory>

namespace tidegate::smq {

/// Runs a chain of asynchronous calls as a loop: an engine that answers before its call returns would otherwise nest
/// one stack frame per chunk. Lives in a shared_ptr that every pending callback holds.
/// Thread: one step at a time, on whatever thread answered.
class step_loop : public std::enable_shared_from_this<step_loop> {
 public:
  step_loop() = default;
  step_loop(const step_loop&) = delete;
  step_loop& operator=(const step_loop&) = delete;
  virtual ~step_loop() = default;

  void run() {
    auto keep = shared_from_this();  // the last callback may die on another thread while we look at `phase_`
    do {
      phase_.store(phase::stepping);
      if (!step()) return;
    } while (phase_.exchange(phase::waiting) == phase::answered);
  }

 protected:
  /// Issues exactly one call whose callback stores its answer and calls resume(), and returns true; or finishes and
  /// returns false.
  virtual bool step() = 0;

  void resume() {
    if (phase_.exchange(phase::answered) == phase::waiting) run();
  }

 private:
  enum class phase : unsigned char { stepping, waiting, answered };
  std::atomic<phase> phase_{phase::stepping};
};

}  // namespace tidegate::smq
