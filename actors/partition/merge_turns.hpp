#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace tidegate::actors {

/// A few merges at a time on a node: partitions roll together, at the ends of their time spans, and the copies of all of
/// them at once would hold up everybody's appends. Whoever asks first comes first. Thread: any.
class merge_turns : public std::enable_shared_from_this<merge_turns> {
 public:
  /// The turn lasts until its last copy is gone.
  using turn = std::shared_ptr<void>;

  /// `count`: turns at the same time, at least 1.
  explicit merge_turns(std::size_t count = 1) : free_(count) {}

  /// `granted` is called once: before this returns, or on the thread where the turn before it ends.
  void ask(std::function<void(turn)> granted) {
    {
      const std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(granted));
    }
    grant();
  }

 private:
  /// Whoever gets a turn may drop it at once (an actor that is gone): a loop, because as many may wait as there are
  /// partitions.
  void grant() {
    std::unique_lock lock{mutex_};
    if (is_granting_) return;
    is_granting_ = true;
    while (free_ > 0 && !waiting_.empty()) {
      --free_;
      auto granted = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      granted(turn{this, [self = shared_from_this()](void*) { self->end_turn(); }});
      granted = nullptr;
      lock.lock();
    }
    is_granting_ = false;
  }

  void end_turn() {
    {
      const std::lock_guard lock{mutex_};
      ++free_;
    }
    grant();
  }

  std::mutex mutex_;  // guards the rest
  std::size_t free_;
  bool is_granting_ = false;
  std::deque<std::function<void(turn)>> waiting_;
};

}  // namespace tidegate::actors
