#pragma once

#include "actors/core/restart_policy.hpp"
#include "messages/actor/resume.hpp"
#include "messages/actor/stop_children.hpp"
#include "messages/common/counter.hpp"

#include <caf/actor.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::actors {

struct child_spec {
  std::string name;
  std::function<caf::actor()> start;       // spawns it and publishes its handle
  std::chrono::milliseconds grace{2'000};  // to end by itself after user_shutdown
  core::restart_policy::limits restarts{};
};

/// A child crashed more often than its limits allow. The process is to end: what it stands for is not served.
using escalation = std::function<void(const std::string& name)>;

/// SUPERVISOR: keeps its children running, one_for_one. One that ends for any reason is started again after a backoff.
using supervisor_actor = caf::typed_actor<caf::reacts_to<msg::stop_children>, caf::reacts_to<msg::resume>>;

class supervisor_state {
 public:
  static inline const char* name = "supervisor";

  /// Starts the children, in order, before it returns.
  supervisor_state(supervisor_actor::pointer self, std::vector<child_spec> children, escalation escalate);

  supervisor_actor::behavior_type make_behavior();

 private:
  struct child {
    child(child_spec what, core::restart_policy how) : spec(std::move(what)), policy(std::move(how)) {}

    child_spec spec;
    core::restart_policy policy;
    caf::actor running{};  // invalid: it waits for its backoff, or has ended
    gauge_share alive{};
  };

  void start(std::size_t index);
  void on_down(const caf::down_msg& down);
  void stop_last();
  void after(std::chrono::milliseconds delay, std::function<void()> f);

  supervisor_actor::pointer self_;
  std::deque<child> children_;
  escalation escalate_;
  std::shared_ptr<void> stopping_;  // held until the last child is gone
  bool is_stopping_ = false;
};

/// Returns when the children are gone. Not from inside an actor.
void stop_children(const supervisor_actor& supervisor);

/// To be kept until stop_children() returned: an actor that nobody can reach ends.
supervisor_actor spawn_supervisor(caf::actor_system& system, std::vector<child_spec> children, escalation escalate);

}  // namespace tidegate::actors
