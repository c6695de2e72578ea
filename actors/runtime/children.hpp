#pragma once

#include "actors/core/downtimes.hpp"
#include "actors/metrics/counters.hpp"

#include <caf/actor_cast.hpp>
#include <caf/system_messages.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::actors {

inline void count_crash(actor_kind kind, const caf::error& reason, bool quarantined) {
  auto& of = counters_of(kind);
  of.crashes.add();
  if (quarantined) of.quarantines.add();
  if (reason == caf::sec::runtime_error || reason == caf::exit_reason::unhandled_exception) counted.actor_exceptions.add();
}

/// The children of a registry, one per key, one_for_one: a child is spawned by the first request that needs it, and a
/// crashed one by the first request after its backoff. A key that keeps crashing stays down for a while (quarantine);
/// its neighbours notice nothing. Nobody outside caches a child's handle.
template <class Key, class Handle>
class children {
 public:
  using time_point = core::restart_policy::time_point;

  /// Called once per crash.
  using crash_listener = std::function<void(const Key&, const caf::error& reason, bool quarantined)>;

  children(caf::scheduled_actor* owner, crash_listener on_crash) : owner_(owner), on_crash_(std::move(on_crash)) {}

  struct child {
    Handle handle;
    std::uint64_t passed_on = 0;  // requests
  };

  /// The child of `key`, started by `spawn` when it is not there; nothing while it must stay down. The caller passes
  /// one request on to it.
  template <class Spawn>
  std::optional<Handle> find_or_spawn(const Key& key, time_point now, const Spawn& spawn) {
    if (is_ending_) return std::nullopt;
    if (auto found = live_.find(key); found != live_.end()) {
      ++found->second.passed_on;
      return found->second.handle;
    }
    if (!down_.may_start(key, now)) return std::nullopt;
    Handle handle = spawn();
    owner_->monitor(handle);
    keys_.emplace(handle.address(), key);
    live_.insert_or_assign(key, child{handle, 1});
    return handle;
  }

  [[nodiscard]] std::optional<Handle> find(const Key& key) const {
    auto found = live_.find(key);
    return found == live_.end() ? std::nullopt : std::optional{found->second.handle};
  }

  /// A child without work asks to end, having got `seen` requests. True: nothing else is on its way to it and nothing
  /// will be, so it ends; the next request starts another one. False: it must stay.
  bool retire(const Key& key, const caf::actor_addr& who, std::uint64_t seen) {
    auto found = live_.find(key);
    if (found == live_.end() || found->second.handle.address() != who) return true;
    if (found->second.passed_on != seen) return false;
    live_.erase(found);
    return true;
  }

  void on_down(const caf::down_msg& down, time_point now) {
    auto found = keys_.find(down.source);
    if (found == keys_.end()) return;
    auto key = std::move(found->second);
    keys_.erase(found);
    if (auto still = live_.find(key); still != live_.end() && still->second.handle.address() == down.source)
      live_.erase(still);
    if (is_ending_) return end_if_alone();
    if (!down.reason || down.reason == caf::exit_reason::user_shutdown) return;
    on_crash_(key, down.reason, down_.crashed(key, now));
  }

  /// Those in quarantine that match may start again, as if they had never crashed; how many.
  template <class Predicate>
  std::int64_t release_if(Predicate matches, time_point now) {
    return static_cast<std::int64_t>(down_.release_if(std::move(matches), now));
  }

  /// What they hold is answered by its destructors.
  void stop_all() {
    for (auto& [key, one] : live_) caf::anon_send_exit(one.handle, caf::exit_reason::user_shutdown);
  }

  /// Stops all, starts none any more, and lets the owner end after the last of them.
  void end_with_owner() {
    if (std::exchange(is_ending_, true)) return;
    stop_all();
    end_if_alone();
  }

  [[nodiscard]] const std::map<Key, child>& live() const { return live_; }

 private:
  void end_if_alone() {
    if (keys_.empty()) owner_->quit(caf::exit_reason::user_shutdown);
  }

  caf::scheduled_actor* owner_;
  crash_listener on_crash_;
  std::map<Key, child> live_;
  std::map<caf::actor_addr, Key> keys_;
  core::downtimes<Key> down_;
  bool is_ending_ = false;
};

}  // namespace tidegate::actors
