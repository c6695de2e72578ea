#pragma once

#include "smq/ports.hpp"

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace tidegate::smq::seaweedmq {

/// One thread on which everything of the chunk store happens, so nothing of it needs a lock. Owned by a shared_ptr:
/// others call back at any time, perhaps after the store is gone.
class event_loop : public std::enable_shared_from_this<event_loop> {
 public:
  event_loop();
  ~event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  /// Runs `work` on the loop's thread; after `stop` it is dropped. Thread: any.
  void post(std::function<void()> work);

  /// Runs `last` on the loop, then nothing more, and joins the thread. Idempotent. Thread: any but the loop's.
  void stop(std::function<void()> last);

  [[nodiscard]] boost::asio::io_context& context();

 private:
  struct implementation;
  std::unique_ptr<implementation> impl_;
};

/// Runs `work` on the loop if both are still there by then. Thread: any.
template <class T, class Work>
void post_to(const std::weak_ptr<event_loop>& loop, const std::weak_ptr<T>& owner, Work work) {
  if (const auto here = loop.lock())
    here->post([owner, work = std::move(work)] {
      if (const auto alive = owner.lock()) work(*alive);
    });
}

/// A one-shot alarm. Thread: the loop's.
class loop_timer {
 public:
  explicit loop_timer(event_loop& loop);
  ~loop_timer();
  loop_timer(const loop_timer&) = delete;
  loop_timer& operator=(const loop_timer&) = delete;

  /// Replaces an earlier alarm that has not fired.
  void set(time_point at, std::function<void()> fire);
  void cancel();

 private:
  struct implementation;
  std::shared_ptr<implementation> impl_;
};

}  // namespace tidegate::smq::seaweedmq
