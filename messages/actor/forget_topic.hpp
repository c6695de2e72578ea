#pragma once

#include "messages/common/uuid.hpp"
#include "messages/common/when_let_go.hpp"

#include <memory>

namespace tidegate::msg {

/// The topic is being deleted and no snapshot has it any more: its offset actors close their sessions and end, and
/// coordinators forget its positions. `held` dies when nobody holds on any longer, also when an actor crashes
/// meanwhile: its deleter is the answer.
struct forget_topic {
  uuid topic_id;
  std::shared_ptr<void> held;
};

}  // namespace tidegate::msg
