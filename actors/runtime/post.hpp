#pragma once

#include "actors/interfaces/message_types.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <utility>

namespace tidegate::actors {

/// Runs what it is given as a message of this actor, on its thread and in order; dropped once the actor has ended.
/// It does not keep the actor: what waits for the store may be held by the actor itself.
template <class... Signatures>
std::function<void(std::function<void()>)> post_to(caf::typed_event_based_actor<Signatures...>* self) {
  return [to = static_cast<caf::local_actor*>(self)->address()](std::function<void()> f) {
    if (const auto actor = caf::actor_cast<caf::typed_actor<Signatures...>>(to))
      caf::anon_send(actor, msg::make_resume(std::move(f)));
  };
}

}  // namespace tidegate::actors
