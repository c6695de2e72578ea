#pragma once

#include "actors/core/restart_policy.hpp"

#include <caf/actor_cast.hpp>
#include <caf/system_messages.hpp>
#include <caf/exit_reason.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::actors {

/// The children of a registry, one per key, one_for_one: a child is spawned by the first request that needs it, and a
/// crashed one by the first request after its backoff. A key that keeps crashing stays down for a while (quarantine);
/// its neighbours notice nothing. Nobody outside caches a child's handle.
template <class Key, class Handle>
class children {
 public:
  using time_point = core::restart_policy::time_point;

  /// Called once per crash with the key, the reason and the number of children left.
  using crash_listener = std::function<void(const Key&, const caf::error& reason, bool quarantined)>;

  children(caf::scheduled_actor* owner, std::function<Handle(const Key&)> spawn, crash_listener on_crash)
    : owner_(owner), spawn_(std::move(spawn)), on_crash_(std::move(on_crash)) {}

  /// The child of `key`, started when it is not there; nothing while it must stay down.
  std::optional<Handle> find_or_spawn(const Key& key, time_point now) {
    if (auto found = live_.find(key); found != live_.end()) return found->second;
    if (auto down = down_.find(key); down != down_.end() && now < down->second.not_before) return std::nullopt;
    auto child = spawn_(key);
    owner_->monitor(child);
    keys_.emplace(child.address(), key);
    return live_.emplace(key, std::move(child)).first->second;
  }

  [[nodiscard]] std::optional<Handle> find(const Key& key) const {
    auto found = live_.find(key);
    return found == live_.end() ? std::nullopt : std::optional{found->second};
  }

  void on_down(const caf::down_msg& down, time_point now) {
    auto found = keys_.find(down.source);
    if (found == keys_.end()) return;
    auto key = std::move(found->second);
    keys_.erase(found);
    live_.erase(key);
    if (!down.reason || down.reason == caf::exit_reason::user_shutdown) return;
    auto& record = down_[key];
    record.not_before = record.policy.crashed(now);
    on_crash_(key, down.reason, record.policy.is_quarantined(now));
  }

  /// Ends one child, or all; what they hold is answered by its destructors.
  void stop(const Key& key) {
    if (auto found = live_.find(key); found != live_.end())
      caf::anon_send_exit(found->second, caf::exit_reason::user_shutdown);
  }

  void stop_all() {
    for (auto& [key, child] : live_) caf::anon_send_exit(child, caf::exit_reason::user_shutdown);
  }

  [[nodiscard]] const std::map<Key, Handle>& live() const { return live_; }

 private:
  struct downtime {
    core::restart_policy policy;
    time_point not_before;
  };

  caf::scheduled_actor* owner_;
  std::function<Handle(const Key&)> spawn_;
  crash_listener on_crash_;
  std::map<Key, Handle> live_;
  std::map<caf::actor_addr, Key> keys_;
  std::map<Key, downtime> down_;
};

}  // namespace tidegate::actors
