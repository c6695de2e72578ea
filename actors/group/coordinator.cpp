#include "actors/group/coordinator.hpp"

#include "actors/log.hpp"
#include "actors/runtime/spawn.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tidegate::actors {

namespace {

constexpr std::int64_t report_again_ms = 60'000;

std::int64_t to_ms(caf::actor_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

/// What the entry lists is erased also where nothing was found: it may have been stored after somebody looked.
std::vector<msg::group_partition> with_listed(std::vector<msg::group_partition> found, const group_metadata& entry) {
  std::set<std::pair<uuid, std::int32_t>> known;
  for (const auto& where : found) known.emplace(where.topic_id, where.partition);
  for (const auto& topic : entry.topics)
    for (const auto partition : topic.partitions)
      if (!known.contains({topic.topic_id, partition})) found.push_back({topic.topic, topic.topic_id, partition});
  return found;
}

}  // namespace

msg::offset_fetch_result without_doubt(msg::offset_fetch_result found) {
  if (std::ranges::count(found.items, error_code::coordinator_load_in_progress, &msg::offset_fetch_item::error) > 0)
    return {error_code::coordinator_load_in_progress, {}};
  return found;
}

coordinator_state::coordinator_state(coordinator_actor::pointer self, coordinator_context context)
  : self_(self), context_(std::move(context)) {}

coordinator_state::~coordinator_state() {
  if (context_.store && stage_ != stage::gone) context_.store->close(context_.group_id, lease_);
}

core::moment coordinator_state::now() const {
  return {to_ms(self_->clock().now()), context_.wall_ms()};
}

void coordinator_state::submit(std::function<void()> input) {
  if constexpr (has_fault_points) fault_point("coordinator.input." + context_.group_id);
  last_input_ms_ = now().now_ms;
  if (stage_ == stage::gone) return;
  if (stage_ == stage::ready && !group_->is_busy() && parked_.empty()) {
    follow_rules();
    input();
    schedule();
    return;
  }
  // All members of a round ask for their assignments at once, and may commit right after.
  const auto most = std::max(context_.options.max_parked, group_ ? 2 * group_->members() : std::size_t{0});
  if (parked_.size() < most)
    parked_.push_back(std::move(input));
  else
    counted.unparked_group_requests.add();
  if (stage_ == stage::closed) open();
}

void coordinator_state::follow_rules() {
  if (!context_.current_rules && !context_.node_bytes) return;
  auto rules = context_.current_rules ? context_.current_rules() : context_.options.rules;
  if (context_.node_bytes) rules.node_room = {context_.node_bytes->room(), context_.node_bytes->room_of_members()};
  group_->follow(rules);
}

void coordinator_state::drain() {
  while (stage_ == stage::ready && !group_->is_busy() && !parked_.empty()) {
    auto input = std::move(parked_.front());
    parked_.pop_front();
    follow_rules();
    input();
  }
  schedule();
}

/// To the metrics and to the budget of the node: what this group is now.
void coordinator_state::show() {
  const auto state = group_ ? static_cast<std::size_t>(group_->phase()) + 1 : std::size_t{0};
  shown_state_.set(group_ && is_unknown() ? nullptr : &counted.groups[state]);  // somebody asked for what is not there
  shown_members_.set(&counted.members, group_ ? static_cast<std::int64_t>(group_->members()) : 0);
  // Nobody is refused for what groups without members hold: they go by themselves, and reading them is no reason.
  const auto held = group_ && group_->has_members() ? group_->held_bytes() : 0;
  if (context_.node_bytes) held_bytes_.set(&context_.node_bytes->held, static_cast<std::int64_t>(held));
  if (!group_) return;
  if (group_->stored().generation > shown_generation_ && shown_generation_ >= 0) counted.rebalances.add();
  shown_generation_ = group_->stored().generation;
}

/// That the node is full is nothing of this group: tidegate_limit_used says it.
void coordinator_state::report(const core::size_refusal& refused) {
  if (refused.limit == core::size_limit::node_groups) return counted.refused_by_node_group_bytes.add();
  const bool is_metadata = refused.limit == core::size_limit::group_metadata;
  (is_metadata ? counted.refused_by_group_metadata : counted.refused_by_group_entry).add();
  const auto at = now().now_ms;
  auto& last_ms = is_metadata ? last_metadata_report_ms_ : last_entry_report_ms_;
  if (last_ms && at - *last_ms < report_again_ms) return;  // clients may ask again and again
  last_ms = at;
  log_event(log_level::warn, "a request was refused: its group would be too large",
            {{"group", context_.group_id}, {"bytes", refused.bytes},
             {"limit", is_metadata ? "limits.group_metadata_bytes" : "group_entry_bytes"}});
}

void coordinator_state::open() {
  shown_generation_ = -1;  // what a load finds is no rebalance
  last_write_ms_.reset();
  stage_ = stage::loading;
  lease_ = context_.store->open(context_.group_id,
                                to_self<loaded_group>([this, epoch = ++epoch_](const loaded_group& answer) {
                                  if (epoch == epoch_ && stage_ == stage::loading) loaded(answer);
                                }));
}

void coordinator_state::loaded(loaded_group answer) {
  if (answer.what == loaded_group::status::failed) {
    stage_ = stage::closed;  // the next request tries again
    parked_.clear();
    return;
  }
  answer.entry.group_id = context_.group_id;
  if (answer.what == loaded_group::status::absent) {
    answer.entry = {};
    answer.entry.group_id = context_.group_id;
  }
  forget_gone_topics(answer.entry);
  group_.emplace(std::move(answer.entry), context_.options.rules, now());
  stage_ = stage::ready;
  show();
  drain();
}

core::waiter_key coordinator_state::park(waiter w) {
  waiters_.emplace(++last_waiter_, std::move(w));
  return last_waiter_;
}

void coordinator_state::send(const core::reply_to& answer) {
  auto node = waiters_.extract(answer.waiter);
  if (node.empty()) return;
  std::visit(
    [&](const auto& respond) {
      std::visit(
        [&](const auto& value) {
          if constexpr (std::is_invocable_v<decltype(respond), decltype(value)>) respond(value);
        },
        answer.what);
    },
    node.mapped());
}

void coordinator_state::perform(core::group_effects effects, std::vector<msg::group_partition> positions) {
  show();  // first: who has an answer finds its group counted
  if (effects.refused_for_size) report(*effects.refused_for_size);
  for (const auto& answer : effects.replies) send(answer);
  if (!group_->has_members()) positions_.clear();
  if (!effects.persist) return;
  group_write unit;
  unit.entry = std::move(effects.persist);
  if (effects.erase_positions) unit.erases = with_listed(std::move(positions), group_->stored());
  TIDEGATE_FAULT_POINT("coordinator.group.before_write");
  write(std::move(unit), [this](group_write_answer answer) { written(answer); });
}

/// `then` is not called when the group was abandoned meanwhile: what waited for it was answered then.
void coordinator_state::write(group_write what, std::function<void(group_write_answer)> then) {
  last_write_ms_ = now().now_ms;
  letting_go_ = letting_go::not_yet;
  what.lease = lease_;
  context_.store->write(
    context_.group_id, std::move(what),
    to_self<group_write_answer>([this, epoch = epoch_, then = std::move(then)](const group_write_answer& answer) {
      if (epoch == epoch_) then(answer);
    }));
}

void coordinator_state::written(group_write_answer answer) {
  TIDEGATE_FAULT_POINT("coordinator.group.before_apply");
  switch (answer.what) {
    case group_write_answer::status::stored: perform(group_->on_persisted(error_code::none, now())); break;
    case group_write_answer::status::refused:
      perform(group_->on_persisted(error_of(answer), now()));
      break;
    case group_write_answer::status::reload: abandon(error_code::coordinator_not_available, stage::closed); return;
    case group_write_answer::status::fenced: abandon(error_code::not_coordinator, stage::gone); return;
  }
  drain();
}

/// Nothing that is in memory counts any more: answers all who wait, and loads again or goes.
void coordinator_state::abandon(error_code error, stage next) {
  ++epoch_;
  letting_go_ = letting_go::not_yet;  // what looks for positions is not heard any more
  stage_ = next;
  if (group_) {
    for (const auto& answer : group_->retire(error).replies) send(answer);
  }
  waiters_.clear();
  open_commits_.clear();
  reads_.clear();
  group_.reset();
  show();
  positions_.clear();
  if (next == stage::gone) {
    parked_.clear();
    context_.store->close(context_.group_id, lease_);
    self_->quit();
    return;
  }
  open();  // members keep their sessions only if they are loaded
}

/// One timer for all deadlines: it may fire early and then only looks again. It cannot be taken back, so it counts until
/// it fires: none is sent behind another.
void coordinator_state::schedule() {
  if (stage_ != stage::ready) return;
  const auto next = group_->next_deadline_ms();
  if (!next || (!ticks_.empty() && *ticks_.begin() <= *next)) return;
  ticks_.insert(*next);
  const auto at = now().now_ms;
  const auto wait = std::max<std::int64_t>(*next - at, 0);  // it may be past: a write took long
  self_->delayed_send(self_, std::chrono::milliseconds(wait), coordinator_tick{*next, false, at + wait});
}

void coordinator_state::look_idle() {
  // Whoever looks at all groups must not fill limits.groups with those that nobody uses.
  const bool is_used = stage_ == stage::ready && group_->exists() && last_write_ms_;
  const auto patience = is_used ? context_.options.idle_after : context_.options.absent_after;
  const bool is_unused = stage_ == stage::closed || (stage_ == stage::ready && group_->is_idle());
  if (letting_go_ == letting_go::not_yet && is_bare_for(context_.options.idle_after)) let_go();
  const bool stays = letting_go_ == letting_go::looks || (letting_go_ == letting_go::not_yet && is_used && is_bare());
  if (is_unused && !stays && parked_.empty() && now().now_ms - last_input_ms_ >= patience.count())
    return self_->quit();
  const auto next = letting_go_ == letting_go::looks ? context_.options.absent_after : patience;
  self_->delayed_send(self_, next, coordinator_tick{0, true, 0});
}

void coordinator_state::on_tick(const coordinator_tick& tick) {
  if (tick.is_idle_check) return look_idle();
  const auto at = now();
  ticks_.erase(tick.due_ms);
  if (stage_ != stage::ready) return;
  follow_rules();
  perform(group_->on_tick(at, at.now_ms - tick.fires_ms));
  drain();
}

std::optional<std::chrono::milliseconds> coordinator_state::wait_to_create(const std::string& host) const {
  if (!context_.create || !is_unknown()) return std::nullopt;
  auto wait = context_.create(host);
  if (wait) counted.refused_by_new_groups.add();
  return wait;
}

/// Too many new groups: the error that clients repeat without looking for another coordinator.
void coordinator_state::join(const msg::join_group& request) {
  if (const auto wait = wait_to_create(request.client_host)) {
    msg::join_group_result later;
    later.error = error_code::coordinator_load_in_progress;
    later.member_id = request.member_id;
    later.throttle_ms = static_cast<std::int32_t>(wait->count());
    request.answer(later);
    return;
  }
  const auto key = park(request.answer);
  perform(group_->on_join(request, key, context_.new_uuid(), now()));
}

/// Heartbeats read applied state only, so they pass a write that is on its way.
void coordinator_state::heartbeat(const msg::heartbeat& request) {
  if (stage_ == stage::ready && group_->is_busy()) {
    request.answer(group_->on_heartbeat(request, now()));
    return;
  }
  submit([this, request] { request.answer(group_->on_heartbeat(request, now())); });
}

/// No input: whoever lists all groups does not keep them from going. While it loads, the entry says it.
void coordinator_state::list(const msg::list_group& request) const {
  if (stage_ == stage::ready) request.answer(group_->list());
}

coordinator_actor::behavior_type coordinator_state::make_behavior() {
  counters_of(actor_kind::coordinator).starts.add();
  show();
  last_input_ms_ = now().now_ms;
  open();
  self_->delayed_send(self_, context_.options.absent_after, coordinator_tick{0, true, 0});
  return {
    [this](const msg::join_group& m) { submit([this, m] { join(m); }); },
    [this](const msg::sync_group& m) {
      submit([this, m] { perform(group_->on_sync(m, park(m.answer), now())); });
    },
    [this](const msg::heartbeat& m) { heartbeat(m); },
    [this](const msg::leave_group& m) {
      submit([this, m] { perform(group_->on_leave(m, park(m.answer), now())); });
    },
    [this](msg::offset_commit& m) { submit([this, m = std::move(m)]() mutable { commit(m); }); },
    [this](const msg::offset_fetch& m) { submit([this, m] { behind_commits([this, m] { fetch(m); }); }); },
    [this](const msg::describe_group& m) { submit([this, m] { describe(m); }); },
    [this](const msg::list_group& m) { list(m); },
    [this](const msg::delete_group& m) { submit([this, m] { remove_group(m); }); },
    [this](const msg::delete_offsets& m) { submit([this, m] { remove_offsets(m); }); },
    [this](const msg::forget_topic& m) { forget(m); },
    [this](const msg::report_lag& m) { report_lag(m); },
    [this](const coordinator_tick& m) { on_tick(m); },
    [this](const coordinator_resume& m) { (*m.run)(); },
  };
}

coordinator_actor spawn_coordinator(caf::actor_system& system, coordinator_context context) {
  return spawn<coordinator_actor, coordinator_state>(system, std::move(context));
}

}  // namespace tidegate::actors
