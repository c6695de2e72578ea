#pragma once

#include "messages/common/uuid.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace tidegate::msg {

/// The topic is being deleted and no snapshot has it any more: its offset actors close their sessions and end, and
/// coordinators forget its positions. `held` dies when nobody holds on any longer, also when an actor crashes
/// meanwhile: its deleter is the answer.
struct forget_topic {
  uuid topic_id;
  std::shared_ptr<void> held;
};

/// A `held` that calls `done` once, on any thread.
inline std::shared_ptr<void> when_let_go(std::function<void()> done) {
  return {static_cast<void*>(nullptr), [done = std::move(done)](void*) { done(); }};
}

}  // namespace tidegate::msg
