#include "actors/runtime/supervisor.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/runtime/children.hpp"
#include "actors/runtime/spawn.hpp"
#include "messages/common/when_let_go.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <future>

namespace tidegate::actors {

supervisor_state::supervisor_state(supervisor_actor::pointer self, std::vector<child_spec> children,
                                   escalation escalate)
  : self_(self), escalate_(std::move(escalate)) {
  self->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& down) { on_down(down); });
  for (auto& spec : children) {
    core::restart_policy policy{spec.restarts};
    children_.emplace_back(std::move(spec), std::move(policy));
  }
  for (std::size_t i = 0; i < children_.size(); ++i) start(i);
}

supervisor_actor::behavior_type supervisor_state::make_behavior() {
  return {
    [this](const msg::stop_children& m) {
      is_stopping_ = true;
      stopping_ = m.held;
      stop_last();
    },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

void supervisor_state::after(std::chrono::milliseconds delay, std::function<void()> f) {
  self_->delayed_send(self_, delay, msg::make_resume(std::move(f)));
}

void supervisor_state::start(std::size_t index) {
  auto& c = children_[index];
  c.running = c.spec.start();
  counters_of(actor_kind::registry).starts.add();
  c.alive.set(&counters_of(actor_kind::registry).alive);
  self_->monitor(c.running);
}

void supervisor_state::on_down(const caf::down_msg& down) {
  const auto found =
    std::ranges::find_if(children_, [&](const child& c) { return c.running && c.running.address() == down.source; });
  if (found == children_.end()) return;
  auto& c = *found;
  c.running = {};
  c.alive.set(nullptr);
  if (is_stopping_) return stop_last();
  const auto now = self_->clock().now();
  const auto not_before = c.policy.crashed(now);
  const bool gives_up = c.policy.is_quarantined(now);
  count_crash(actor_kind::registry, down.reason, gives_up);
  log_event(log_level::error, "supervised actor ended",
            {{"actor", c.spec.name}, {"reason", std::to_string(down.reason.code())}, {"escalates", int{gives_up}}});
  if (gives_up) return escalate_(c.spec.name);
  const auto backoff = std::chrono::ceil<std::chrono::milliseconds>(not_before - now);
  after(backoff, [this, index = static_cast<std::size_t>(found - children_.begin())] {
    if (!is_stopping_) start(index);
  });
}

void supervisor_state::stop_last() {
  const auto last = std::find_if(children_.rbegin(), children_.rend(), [](const child& c) { return bool{c.running}; });
  if (last == children_.rend()) {
    stopping_.reset();
    return self_->quit();
  }
  caf::anon_send_exit(last->running, caf::exit_reason::user_shutdown);
  after(last->spec.grace, [this, late = last->running.address(), name = last->spec.name] {
    const auto same = [&](const child& c) { return c.running && c.running.address() == late; };
    if (std::ranges::none_of(children_, same)) return;
    log_event(log_level::warn, "supervised actor did not end in time", {{"actor", name}});
    caf::anon_send_exit(late, caf::exit_reason::kill);
  });
}

void stop_children(const supervisor_actor& supervisor) {
  std::promise<void> gone;
  caf::anon_send(supervisor, msg::stop_children{when_let_go([&gone] { gone.set_value(); })});
  gone.get_future().wait();
}

supervisor_actor spawn_supervisor(caf::actor_system& system, std::vector<child_spec> children, escalation escalate) {
  return spawn<supervisor_actor, supervisor_state>(system, std::move(children), std::move(escalate));
}

}  // namespace tidegate::actors
