#pragma once

#include "messages/common/reply.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace tidegate {

/// Collects exactly `count` partial results and fires once, in slot order. The count is fixed before the first request
/// leaves, so an early answer can neither finish the response too soon nor leave it waiting for ever.
/// Slots may be answered on any thread; `done` runs on the thread that answers last. `count` = 0 fires at once.
template <class T>
class fan_in : public std::enable_shared_from_this<fan_in<T>> {
 public:
  static std::shared_ptr<fan_in> make(std::size_t count, std::function<void(std::vector<T>)> done) {
    std::shared_ptr<fan_in> self{new fan_in(count, std::move(done))};
    if (count == 0) self->done_({});
    return self;
  }

  /// The reply of slot `index`; to be taken once. `if_dropped` answers for an actor that died.
  reply<T> slot(std::size_t index, T if_dropped) {
    return {std::move(if_dropped), [self = this->shared_from_this(), index](T value) {
              self->results_[index] = std::move(value);
              if (self->missing_.fetch_sub(1) == 1) self->done_(std::move(self->results_));
            }};
  }

 private:
  fan_in(std::size_t count, std::function<void(std::vector<T>)> done)
    : results_(count), missing_(count), done_(std::move(done)) {}

  std::vector<T> results_;
  std::atomic<std::size_t> missing_;
  std::function<void(std::vector<T>)> done_;
};

}  // namespace tidegate
