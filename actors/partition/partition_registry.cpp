#include "actors/partition/partition_registry_state.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/runtime/spawn.hpp"

namespace tidegate::actors {

namespace {

void report_crash(const topic_ptr& topic, std::int32_t partition, const caf::error& reason, bool quarantined) {
  count_crash(actor_kind::offset_actor, reason, quarantined);
  log_event(log_level::error, "offset actor crashed",
            {{"topic", topic ? topic->name : "(deleted)"},
             {"partition", partition},
             {"reason", std::to_string(reason.code())},
             {"quarantined", int{quarantined}}});
}

}  // namespace

partition_registry_state::partition_registry_state(partition_registry_actor::pointer self,
                                                   std::shared_ptr<const store_access> store,
                                                   partition_settings settings)
  : self_(self), store_(std::move(store)), settings_(settings),
    children_(self, [this](const key& k, const caf::error& reason, bool quarantined) {
      report_crash(store_->topics.current()->find(k.first), k.second, reason, quarantined);
    }) {
  self->set_down_handler(
    [this](caf::scheduled_actor*, caf::down_msg& down) { children_.on_down(down, std::chrono::steady_clock::now()); });
  self->set_exit_handler([this](caf::scheduled_actor*, caf::exit_msg&) { children_.end_with_owner(); });
}

partition_registry_state::~partition_registry_state() { children_.stop_all(); }

template <class Message>
void partition_registry_state::pass_on(const Message& m) {
  if (closing_) return;
  const auto topic = store_->topics.current()->find(m.topic_id);
  // Deleted meanwhile, or never there: the reply answers by itself.
  if (!topic || m.partition < 0 || m.partition >= topic->partitions) return;
  const auto spawn_child = [&] {
    const partition_registry_actor me{self_};
    return spawn_partition(self_->home_system(), store_, topic, m.partition, settings_, me);
  };
  if (auto child = children_.find_or_spawn({m.topic_id, m.partition}, std::chrono::steady_clock::now(), spawn_child))
    return caf::anon_send(*child, m);
  if constexpr (std::is_same_v<Message, msg::append>) {
    msg::append_result nobody;
    nobody.error = error_code::not_leader_or_follower;  // not stored, and never will be
    m.answer(std::move(nobody));
  }
}

/// A child that begins later begins with the snapshot, which was published before.
void partition_registry_state::change(const msg::topic_changed& m) {
  for (const auto& [k, child] : children_.live())
    if (k.first == m.topic->id) caf::anon_send(child.handle, m);
}

void partition_registry_state::forget(const msg::forget_topic& m) {
  for (const auto& [k, child] : children_.live())
    if (k.first == m.topic_id) caf::anon_send(child.handle, m);
}

void partition_registry_state::release(const msg::release_partitions& m) {
  const auto matches = [&](const key& k) {
    return k.first == m.topic_id && (!m.partition || *m.partition == k.second);
  };
  m.answer(children_.release_if(matches, std::chrono::steady_clock::now()));
}

void partition_registry_state::close_all(const msg::close_cleanly& m) {
  closing_ = true;
  for (const auto& [k, child] : children_.live()) caf::anon_send(child.handle, m);
}

partition_registry_actor::behavior_type partition_registry_state::make_behavior() {
  return {
    [this](const msg::append& m) { pass_on(m); },
    [this](const msg::fetch_read& m) { pass_on(m); },
    [this](const msg::fetch_wait& m) { pass_on(m); },
    [this](const msg::list_offsets& m) { pass_on(m); },
    [this](const msg::offset_for_leader_epoch& m) { pass_on(m); },
    [this](const msg::find_by_ts& m) { pass_on(m); },
    [this](const msg::trim& m) { pass_on(m); },
    [this](const msg::topic_changed& m) { change(m); },
    [this](const msg::forget_topic& m) { forget(m); },
    [this](const msg::close_cleanly& m) { close_all(m); },
    [this](const msg::retire_partition& m) {
      m.answer(children_.retire({m.topic_id, m.partition}, m.who, m.seen));
    },
    [this](const msg::release_partitions& m) { release(m); },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

partition_registry_actor spawn_partition_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                                  const partition_settings& settings) {
  return spawn<partition_registry_actor, partition_registry_state>(system, std::move(store), settings);
}

}  // namespace tidegate::actors
