#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace tidegate {

/// The one answer to one request. Copies share a slot; the first `operator()` wins and later ones do nothing.
/// When the last copy dies unanswered (the actor that held it crashed, its mailbox was dropped), the slot answers with
/// the value that it was made with: nobody waits for a dead actor.
/// `deliver` runs on the thread that answers and must only pass the value on.
template <class T>
class reply {
 public:
  reply() = default;

  reply(T if_dropped, std::function<void(T)> deliver)
    : slot_(std::make_shared<slot>(std::move(if_dropped), std::move(deliver))) {}

  void operator()(T value) const {
    if (slot_) slot_->answer(std::move(value));
  }

 private:
  struct slot {
    slot(T value, std::function<void(T)> f) : if_dropped(std::move(value)), deliver(std::move(f)) {}
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;
    ~slot() { answer(std::move(if_dropped)); }

    void answer(T value) {
      if (!answered.exchange(true)) deliver(std::move(value));
    }

    T if_dropped;
    std::function<void(T)> deliver;
    std::atomic<bool> answered{false};
  };

  std::shared_ptr<slot> slot_;
};

}  // namespace tidegate
