#pragma once

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <type_traits>

namespace tidegate::actors {

/// An actor whose behaviour is a class: constructed with the self pointer, destroyed when the actor ends, so that
/// everything it holds (parked replies, sockets) is let go then.
template <class Handle, class State>
class class_actor : public Handle::base {
 public:
  template <class... Args>
  explicit class_actor(caf::actor_config& cfg, Args... args) : Handle::base(cfg) {
    state_ = std::make_unique<State>(this, std::move(args)...);
  }

  const char* name() const override { return State::name; }

 protected:
  typename Handle::behavior_type make_behavior() override { return state_->make_behavior(); }

  void on_exit() override { state_.reset(); }

 private:
  std::unique_ptr<State> state_;
};

/// The one way to start an actor. States are never aggregates: C++20 would initialise their first member from `self`.
template <class Handle, class State, class... Args>
Handle spawn(caf::actor_system& system, Args&&... args) {
  static_assert(!std::is_aggregate_v<State>);
  return system.spawn<class_actor<Handle, State>>(std::forward<Args>(args)...);
}

}  // namespace tidegate::actors
