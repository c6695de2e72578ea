#include "actors/group/group_registry_state.hpp"
#include "actors/log.hpp"
#include "actors/runtime/post.hpp"
#include "actors/runtime/spawn.hpp"
#include "messages/actor/fan_in.hpp"
#include "smq/names.hpp"
#include "smq/positions/group_entry.hpp"

#include <utility>

namespace tidegate::actors {

namespace {

constexpr std::size_t groups_per_page = 1000;
constexpr std::size_t woken_per_list = 50;  // they are loaded, with all that their members say

void report_crash(const std::string& group, const caf::error& reason, bool quarantined) {
  count_crash(actor_kind::coordinator, reason, quarantined);
  log_event(log_level::error, "coordinator crashed",
            {{"group", group}, {"reason", std::to_string(reason.code())}, {"quarantined", int{quarantined}}});
}

/// What is known of a group that is not in use: its members, if any, will be back or time out once it is woken.
msg::group_row row_of(const group_metadata& group) {
  return {group.group_id, group.members.empty() ? "Empty" : "Stable", group.protocol_type};
}

}  // namespace

group_registry_state::group_registry_state(group_registry_actor::pointer self,
                                           std::shared_ptr<const store_access> store, coordinator_context pattern,
                                           std::size_t most)
  : self_(self), store_(std::move(store)), pattern_(std::move(pattern)), most_(most),
    children_(self, report_crash),
    native_(store_, poster()) {
  self->set_down_handler(
    [this](caf::scheduled_actor*, caf::down_msg& down) { children_.on_down(down, std::chrono::steady_clock::now()); });
  self->set_exit_handler([this](caf::scheduled_actor*, caf::exit_msg&) { children_.end_with_owner(); });
}

group_registry_state::~group_registry_state() { children_.stop_all(); }

std::optional<coordinator_actor> group_registry_state::coordinator_of(const std::string& group) {
  const auto spawn_child = [&] {
    auto context = pattern_;
    context.group_id = group;
    return spawn_coordinator(self_->home_system(), std::move(context));
  };
  if (children_.live().size() < most_ || children_.find(group))
    return children_.find_or_spawn(group, std::chrono::steady_clock::now(), spawn_child);
  counted.refused_by_groups.add();
  return std::nullopt;
}

template <class Message>
void group_registry_state::pass_on(const Message& m) {
  if (auto child = coordinator_of(m.group_id)) caf::anon_send(*child, m);
}

group_registry_actor::behavior_type group_registry_state::make_behavior() {
  return {
    [this](const msg::join_group& m) { pass_on(m); },
    [this](const msg::sync_group& m) { pass_on(m); },
    [this](const msg::heartbeat& m) { pass_on(m); },
    [this](const msg::leave_group& m) { pass_on(m); },
    [this](msg::offset_commit& m) {  // its items are many: moved
      if (auto child = coordinator_of(m.group_id)) caf::anon_send(*child, std::move(m));
    },
    [this](const msg::offset_fetch& m) { pass_on(m); },
    [this](const msg::describe_group& m) { pass_on(m); },
    [this](const msg::delete_group& m) { remove(m); },
    [this](const msg::delete_offsets& m) { pass_on(m); },
    [this](const msg::list_groups& m) { list(m); },
    [this](const msg::forget_topic& m) {
      for (const auto& [group, child] : children_.live()) caf::anon_send(child.handle, m);
    },
    [this](const msg::report_lag& m) {
      for (const auto& [group, child] : children_.live()) caf::anon_send(child.handle, m);
    },
    [this](const msg::release_group& m) {
      const auto is_it = [&](const std::string& group) { return group == m.group_id; };
      m.answer(children_.release_if(is_it, std::chrono::steady_clock::now()));
    },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

std::function<void(std::function<void()>)> group_registry_state::poster() const { return post_to(self_); }

/// Whoever lists groups after the answer must not find it in what was looked up before.
void group_registry_state::remove(const msg::delete_group& m) {
  auto answer = [this, m, post = poster()](error_code error) {
    post([this, group = m.group_id] { native_.forget(group); });
    m.answer(error);
  };
  pass_on(msg::delete_group{m.group_id, msg::error_reply(answer)});
}

void group_registry_state::list(const msg::list_groups& m) { list_page(m, "", std::make_shared<stored_groups>()); }

void group_registry_state::list_page(const msg::list_groups& m, std::string after,
                                     std::shared_ptr<stored_groups> so_far) {
  smq::list_groups(
    store_->engine.entries, after, groups_per_page, store_->deadline(),
    [this, m, so_far = std::move(so_far), post = poster()](smq::result<smq::group_page> page) {
      post([this, m, so_far, page = std::move(page)] {
        if (!page.is_ok()) return m.answer({error_code::coordinator_not_available, {}});
        for (const auto& group : page.value.groups) so_far->rows[group.group_id] = row_of(group);
        so_far->damaged.insert(page.value.unreadable.begin(), page.value.unreadable.end());
        if (page.value.more) return list_page(m, page.value.next, so_far);
        add_native(m, so_far);
      });
    });
}

void group_registry_state::add_native(const msg::list_groups& m, const std::shared_ptr<stored_groups>& stored) {
  if (std::exchange(reported_, stored->damaged) != stored->damaged && !stored->damaged.empty())
    log_event(log_level::error, "groups are left out of the list",
              {{"count", stored->damaged.size()}, {"first", *stored->damaged.begin()}});
  auto is_known = [stored](const std::string& group) { return stored->rows.contains(group); };
  native_.find(is_known, [this, m, stored](const smq::result<smq::group_scan>& found) {
    if (!found.is_ok()) return m.answer({error_code::coordinator_not_available, {}});
    answer_list(m, stored, found.value.groups);
  });
}

void group_registry_state::answer_list(const msg::list_groups& m, std::shared_ptr<stored_groups> stored,
                                       const std::set<std::string>& native) {
  // Groups in use know better than their entries, and one without any commit has no entry.
  std::vector<std::string> live;
  for (const auto& [group, child] : children_.live()) live.push_back(group);
  auto all = fan_in<msg::list_group_result>::make(
    live.size(), [this, m, live, native, stored = std::move(stored),
                  post = poster()](const std::vector<msg::list_group_result>& found) {
      auto& rows = stored->rows;
      for (std::size_t i = 0; i < live.size(); ++i) {
        if (found[i].error != error_code::none) continue;  // as its entry says
        if (found[i].state == "Dead")
          rows.erase(live[i]);
        else
          rows[live[i]] = {live[i], found[i].state, found[i].protocol_type};
      }
      for (const auto& group : native)
        if (!stored->damaged.contains(smq::group_entry_path(group)))
          rows.try_emplace(group, msg::group_row{group, "Empty", ""});
      msg::list_groups_result result;
      result.error = error_code::none;
      std::vector<std::string> stable;
      for (auto& [group, row] : rows) {
        if (row.state == "Stable") stable.push_back(group);
        result.groups.push_back(std::move(row));
      }
      if (!stable.empty()) post([this, stable = std::move(stable)] { wake_unattended(stable); });
      m.answer(std::move(result));
    });
  for (std::size_t i = 0; i < live.size(); ++i)
    caf::anon_send(*children_.find(live[i]), msg::list_group{live[i], all->slot(i, {})});
}

bool group_registry_state::has_room_to_wake() const {
  const auto& all = pattern_.node_bytes;
  return !all || all->room() > static_cast<std::size_t>(all->most) / 2;
}

/// Members that an earlier node left behind get a session from now on, as Kafka's do when it loads them: who lists the
/// groups again after that does not find those Stable whose members are gone.
void group_registry_state::wake_unattended(const std::vector<std::string>& stable) {
  std::size_t woken = 0;
  for (const auto& group : stable) {
    if (children_.find(group)) continue;
    // The rest is for groups in use.
    if (++woken > woken_per_list || children_.live().size() >= most_ / 2 || !has_room_to_wake()) return;
    pass_on(msg::describe_group{group, msg::reply_or_unavailable<msg::describe_group_result>([](const auto&) {})});
  }
}

group_registry_actor spawn_group_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          coordinator_context pattern, std::size_t most) {
  return spawn<group_registry_actor, group_registry_state>(system, std::move(store), std::move(pattern), most);
}

}  // namespace tidegate::actors
