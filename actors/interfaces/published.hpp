#pragma once

#include <caf/send.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace tidegate::actors {

/// The current actor of a supervised kind. The supervisor publishes it; everybody sends through this and keeps no
/// handle, because the actor behind it changes with every restart. A message to a dead one, or to none, is dropped: its
/// reply answers by itself. Thread: any.
template <class Handle>
class published {
 public:
  void publish(Handle handle) { current_.store(std::make_shared<const Handle>(std::move(handle))); }
  void clear() { current_.store(nullptr); }

  /// For one use; invalid when there is none.
  [[nodiscard]] Handle current() const {
    auto handle = current_.load();
    return handle ? *handle : Handle{};
  }

  template <class Message>
  void send(Message&& m) const {
    if (auto handle = current_.load()) caf::anon_send(*handle, std::forward<Message>(m));
  }

 private:
  std::atomic<std::shared_ptr<const Handle>> current_;
};

}  // namespace tidegate::actors
