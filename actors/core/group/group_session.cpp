#include "actors/core/group/group.hpp"

#include <algorithm>

/// Heartbeats, leaving, expiry.
namespace tidegate::core {

error_code group::on_heartbeat(const msg::heartbeat& request, moment now) {
  if (phase_ == group_phase::dead) return error_code::coordinator_not_available;
  if (const auto error = check_member(request.member_id, request.instance_id); error != error_code::none) return error;
  if (request.generation != stored_.generation) return error_code::illegal_generation;
  member& m = members_.at(request.member_id);
  if (!m.is_new) extend_session(m, now);
  return phase_ == group_phase::preparing_rebalance ? error_code::rebalance_in_progress : error_code::none;
}

error_code group::leave_one(const msg::leaving_member& who, group_effects& out) {
  if (who.member_id.empty()) {
    const std::string* current = who.instance_id ? find_static(*who.instance_id) : nullptr;
    if (!current) return error_code::unknown_member_id;
    remove_member(std::string(*current), error_code::unknown_member_id, out);
    return error_code::none;
  }
  if (pending_.contains(who.member_id)) {
    if (who.instance_id) return error_code::unknown_member_id;
    pending_.erase(who.member_id);
    return error_code::none;
  }
  const auto error = check_member(who.member_id, who.instance_id);
  if (error == error_code::none) remove_member(who.member_id, error_code::unknown_member_id, out);
  return error;
}

group_effects group::on_leave(const msg::leave_group& request, waiter_key waiter, moment now) {
  group_effects out;
  if (phase_ == group_phase::dead) {
    out.replies.push_back({waiter, msg::leave_group_result{error_code::coordinator_not_available, {}}});
    return out;
  }
  const std::size_t members_before = members_.size();
  msg::leave_group_result answer{error_code::none, {}};
  for (const auto& who : request.members) answer.members.push_back(leave_one(who, out));
  if (members_.size() < members_before) {
    prepare_or_complete(now, out);
  } else {
    complete_round_if_all_joined(now, out);
  }
  // When the leave ended a round, it is answered with it: "left" is then as durable as everything else.
  if (in_flight_ && out.persist && members_.empty()) {
    in_flight_->waiter = waiter;
    in_flight_->on_stored = std::move(answer);
  } else {
    out.replies.push_back({waiter, std::move(answer)});
  }
  return out;
}

/// True when a member went.
bool group::expire_members(moment now, group_effects& out) {
  std::vector<std::string> gone;
  const bool is_sync_over = sync_deadline_ms_ && *sync_deadline_ms_ <= now.now_ms;
  for (const auto& [id, m] : members_) {
    const bool is_held = !m.is_new && is_waiting(m);
    const bool is_late = m.session_deadline_ms <= now.now_ms && !is_held;
    if (is_late || (is_sync_over && m.must_sync)) gone.push_back(id);
  }
  for (const auto& id : gone) remove_member(id, error_code::unknown_member_id, out);
  return !gone.empty();
}

/// What was due may have been done in time: it waits in the sockets, which are read after this.
void group::make_up_for(std::int64_t late_ms, moment now) {
  auto put_off = [&](std::int64_t& deadline_ms, std::int64_t timeout_ms) {
    deadline_ms = std::max(deadline_ms, now.now_ms + std::min(late_ms, timeout_ms));
  };
  for (auto& [id, m] : members_)  // as after a load
    m.session_deadline_ms = std::max(m.session_deadline_ms, now.now_ms + m.data.session_timeout_ms);
  for (auto& [id, p] : pending_) put_off(p.deadline_ms, p.timeout_ms);
  if (join_deadline_ms_) {
    const auto round_ms = std::max(rebalance_timeout_ms(), options_.retry_ms);
    put_off(*join_deadline_ms_, initial_ ? options_.initial_rebalance_delay_ms : round_ms);
  }
  if (sync_deadline_ms_) put_off(*sync_deadline_ms_, rebalance_timeout_ms());
}

group_effects group::on_tick(moment now, std::int64_t late_ms) {
  // More than a busy machine makes of it: the process stood still.
  constexpr std::int64_t tolerated_ms = 1'000;
  if (late_ms > tolerated_ms) make_up_for(late_ms, now);
  group_effects out;
  if (is_busy() || phase_ == group_phase::dead) return out;
  std::erase_if(pending_, [&](const auto& p) { return p.second.deadline_ms <= now.now_ms; });
  const bool is_sync_over = sync_deadline_ms_ && *sync_deadline_ms_ <= now.now_ms;
  const bool lost_members = expire_members(now, out);
  if (is_sync_over) sync_deadline_ms_.reset();
  if (lost_members || (is_sync_over && phase_ == group_phase::completing_rebalance)) {
    prepare_or_complete(now, out);
  } else {
    complete_round_if_all_joined(now, out);
  }
  if (is_busy() || !join_deadline_ms_ || *join_deadline_ms_ > now.now_ms) return out;
  if (phase_ != group_phase::preparing_rebalance) {
    join_deadline_ms_.reset();
  } else if (initial_) {
    initial_delay_over(now, out);
  } else {
    complete_round(now, out);
  }
  return out;
}

}  // namespace tidegate::core
