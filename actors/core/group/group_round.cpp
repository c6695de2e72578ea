#include "actors/core/group/group.hpp"

#include <algorithm>
#include <unordered_map>

/// One round: from the first JoinGroup to the stored generation.
namespace tidegate::core {

namespace {

/// How many of the members support each name of `protocols`, as far as all members before them do. Linear: a request of
/// one client may name very many.
std::unordered_map<std::string_view, std::size_t> count_support(const std::vector<group_protocol>& protocols,
                                                                const auto& members) {
  std::unordered_map<std::string_view, std::size_t> support;
  for (const auto& p : protocols) support.emplace(p.name, 0);
  std::size_t before = 0;
  for (const auto& [id, m] : members) {
    for (const auto& p : m.data.protocols)
      if (const auto name = support.find(p.name); name != support.end() && name->second == before) ++name->second;
    ++before;
  }
  return support;
}

}  // namespace

/// Some protocol of the newcomer must be one that every member supports.
bool group::supports(const std::string& type, const std::vector<group_protocol>& protocols) const {
  if (members_.empty()) return !type.empty() && !protocols.empty();
  if (type != protocol_type_) return false;
  return std::ranges::any_of(count_support(protocols, members_),
                             [&](const auto& name) { return name.second == members_.size(); });
}

/// Every member votes for the first of its protocols that all support. Ties go to the name that sorts first, so that
/// every run of the same inputs selects the same.
std::string group::select_protocol() const {
  if (members_.empty()) return {};
  std::map<std::string, int> votes;
  auto support = count_support(members_.begin()->second.data.protocols, members_);
  for (const auto& [id, m] : members_) {
    for (const auto& p : m.data.protocols) {
      const auto name = support.find(p.name);
      if (name == support.end() || name->second < members_.size()) continue;
      ++votes[p.name];
      break;
    }
  }
  std::string winner;
  int most = 0;
  for (const auto& [name, count] : votes) {
    if (count > most) {
      winner = name;
      most = count;
    }
  }
  return winner;
}

bool group::all_joined() const {
  return pending_.empty() && std::ranges::all_of(members_, [](const auto& m) { return m.second.joining.has_value(); });
}

/// Makes sure that the leader is a member that waits for this round; false: nobody waits.
bool group::elect_leader() {
  const auto current = members_.find(leader_);
  if (current != members_.end() && current->second.joining) return true;
  for (const auto& [id, m] : members_) {
    if (!m.joining) continue;
    leader_ = id;
    return true;
  }
  return false;
}

void group::prepare_rebalance(moment now, group_effects& out) {
  for (auto& [id, m] : members_) {
    m.must_sync = false;
    if (!m.syncing) continue;
    out.replies.push_back({*m.syncing, msg::sync_group_result{.error = error_code::rebalance_in_progress}});
    m.syncing.reset();
    extend_session(m, now);
  }
  sync_deadline_ms_.reset();
  initial_ = phase_ == group_phase::empty;
  phase_ = group_phase::preparing_rebalance;
  joined_meanwhile_ = false;
  const std::int64_t timeout = rebalance_timeout_ms();
  if (initial_) {
    join_deadline_ms_ = now.now_ms + options_.initial_rebalance_delay_ms;
    initial_remaining_ms_ = std::max<std::int64_t>(timeout - options_.initial_rebalance_delay_ms, 0);
    return;
  }
  join_deadline_ms_ = now.now_ms + timeout;
  complete_round_if_all_joined(now, out);
}

void group::prepare_or_complete(moment now, group_effects& out) {
  if (phase_ == group_phase::preparing_rebalance) {
    complete_round_if_all_joined(now, out);
  } else if (phase_ != group_phase::dead) {
    prepare_rebalance(now, out);
  }
}

void group::complete_round_if_all_joined(moment now, group_effects& out) {
  if (phase_ == group_phase::preparing_rebalance && !initial_ && !is_busy() && all_joined()) complete_round(now, out);
}

/// The first round of an empty group waits a little, and longer while members keep joining.
void group::initial_delay_over(moment now, group_effects& out) {
  if (!joined_meanwhile_ || initial_remaining_ms_ == 0) {
    complete_round(now, out);
    return;
  }
  joined_meanwhile_ = false;
  const auto delay = std::min<std::int64_t>(options_.initial_rebalance_delay_ms, initial_remaining_ms_);
  join_deadline_ms_ = now.now_ms + delay;
  initial_remaining_ms_ = std::max<std::int64_t>(initial_remaining_ms_ - delay, 0);
}

void group::complete_round(moment now, group_effects& out) {
  std::vector<std::string> late;
  for (const auto& [id, m] : members_) {
    if (!m.joining && !m.data.instance_id) late.push_back(id);
  }
  for (const auto& id : late) remove_member(id, error_code::unknown_member_id, out);
  initial_ = false;
  if (!elect_leader() && !members_.empty()) {  // only static members that are away: they get another round's time
    join_deadline_ms_ = now.now_ms + std::max(rebalance_timeout_ms(), options_.retry_ms);
    return;
  }
  join_deadline_ms_.reset();
  group_metadata next = stored_;
  next.deleted = false;
  next.is_assigned = false;
  ++next.generation;
  next.protocol_type = protocol_type_;
  next.protocol_name = select_protocol();
  next.leader = members_.empty() ? "" : leader_;
  next.empty_since_ms = members_.empty() ? now.wall_ms : -1;
  next.members.clear();
  for (const auto& [id, m] : members_) next.members[id] = m.data;
  persist({.what = write_kind::round, .next = std::move(next)}, out);
}

void group::round_stored(moment now, group_effects& out) {
  if (members_.empty()) {
    phase_ = group_phase::empty;
    return;
  }
  phase_ = group_phase::completing_rebalance;
  sync_deadline_ms_ = now.now_ms + rebalance_timeout_ms();
  for (auto& [id, m] : members_) {
    m.must_sync = true;
    if (!m.joining) continue;
    out.replies.push_back({*m.joining, current_round(id, id == stored_.leader)});
    m.joining.reset();
    m.is_new = false;
    extend_session(m, now);
  }
}

}  // namespace tidegate::core
