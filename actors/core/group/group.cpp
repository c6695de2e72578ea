#include "actors/core/group/group.hpp"

#include "actors/core/group/entry_size.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace tidegate::core {

std::string_view name_of(group_phase phase) {
  switch (phase) {
    case group_phase::empty: return "Empty";
    case group_phase::preparing_rebalance: return "PreparingRebalance";
    case group_phase::completing_rebalance: return "CompletingRebalance";
    case group_phase::stable: return "Stable";
    case group_phase::dead: return "Dead";
  }
  return "Dead";
}

group::group(group_metadata entry, group_options options, moment now) : options_(options), stored_(std::move(entry)) {
  std::ranges::sort(stored_.topics, {}, &group_topic::topic_id);  // older versions stored them in any order
  count_stored();
  leader_ = stored_.leader;
  protocol_type_ = stored_.protocol_type;
  bool is_assigned = stored_.is_assigned;  // before that flag was stored it had to be guessed
  for (const auto& [id, data] : stored_.members) {
    member m;
    m.data = data;
    is_assigned = is_assigned || !data.assignment.empty();
    m.data.assignment.clear();
    extend_session(m, now);
    put_member(id, std::move(m));
  }
  if (members_.empty()) return;
  phase_ = is_assigned ? group_phase::stable : group_phase::completing_rebalance;
  // The round was stored and perhaps answered, its assignments were not: the leader's SyncGroup is on its way.
  if (!is_assigned) sync_deadline_ms_ = now.now_ms + rebalance_timeout_ms();
}

void group::apply(const group_metadata& next) {
  assert(next.generation >= stored_.generation);
  stored_ = next;
  count_stored();
}

/// Once per write, which copies all of it anyway.
void group::count_stored() {
  stored_said_bytes_ = stored_bytes_of_members(stored_);
  stored_rest_bytes_ = stored_bytes(stored_) - stored_said_bytes_;
}

std::size_t group::held_bytes() const { return stored_rest_bytes_ + std::max(stored_said_bytes_, said_bytes_); }

void group::persist(write_in_flight write, group_effects& out) {
  assert(!in_flight_ && !out.persist);
  out.persist = write.next;
  out.erase_positions = write.what == write_kind::deletion;
  in_flight_ = std::move(write);
}

group_effects group::on_persisted(error_code failure, moment now) {
  group_effects out;
  if (!in_flight_) return out;
  write_in_flight write = std::move(*in_flight_);
  in_flight_.reset();
  if (failure != error_code::none) {
    fail_write(write, failure, now, out);
    return out;
  }
  apply(write.next);
  switch (write.what) {
    case write_kind::round: round_stored(now, out); break;
    case write_kind::assignment: assignments_stored(now, out); break;
    case write_kind::static_member: replacement_stored(write, now, out); break;
    case write_kind::positions: break;
    case write_kind::deletion:
      protocol_type_.clear();
      leader_.clear();
      break;
  }
  const bool is_answered = write.what == write_kind::static_member;
  if (write.waiter && !is_answered) out.replies.push_back({*write.waiter, write.on_stored});
  return out;
}

void group::fail_write(const write_in_flight& write, error_code failure, moment now, group_effects& out) {
  if (write.waiter) {
    group_reply failed = failure;
    if (std::holds_alternative<msg::leave_group_result>(write.on_stored)) failed = msg::leave_group_result{failure, {}};
    if (write.what == write_kind::static_member) {
      failed = msg::join_group_result{.error = failure, .member_id = write.replacement->data.member_id};
    }
    out.replies.push_back({*write.waiter, failed});
  }
  for (auto& [id, m] : members_) {
    if (write.what == write_kind::round && m.joining) {
      out.replies.push_back({*m.joining, msg::join_group_result{.error = failure, .member_id = id}});
      m.joining.reset();
      extend_session(m, now);
    }
    if (write.what == write_kind::assignment && m.syncing) {
      out.replies.push_back({*m.syncing, msg::sync_group_result{.error = failure}});
      m.syncing.reset();
      m.must_sync = true;
      extend_session(m, now);
    }
  }
  // Nothing is undone, because nothing was done; the members come back with another JoinGroup or SyncGroup.
  if (write.what == write_kind::round) {
    initial_ = false;
    join_deadline_ms_ = now.now_ms + std::max(rebalance_timeout_ms(), options_.retry_ms);
  }
  if (write.what == write_kind::assignment) sync_deadline_ms_ = now.now_ms + rebalance_timeout_ms();
}

const std::string* group::find_static(const std::string& instance) const {
  for (const auto& [id, m] : members_) {
    if (m.data.instance_id == instance) return &id;
  }
  return nullptr;
}

error_code group::check_member(const std::string& id, const std::optional<std::string>& instance) const {
  if (instance) {
    const std::string* current = find_static(*instance);
    if (!current) return error_code::unknown_member_id;
    if (*current != id) return error_code::fenced_instance_id;
  }
  return members_.contains(id) ? error_code::none : error_code::unknown_member_id;
}

std::int32_t group::rebalance_timeout_ms() const {
  std::int32_t longest = 0;
  for (const auto& [id, m] : members_) longest = std::max(longest, m.data.rebalance_timeout_ms);
  return longest;
}

void group::extend_session(member& who, moment now) const {
  who.session_deadline_ms = now.now_ms + who.data.session_timeout_ms;
}

group::member& group::put_member(const std::string& member_id, member who) {
  member& at = members_[member_id];
  said_bytes_ -= at.bytes;
  at = std::move(who);
  at.bytes = stored_bytes(member_id, at.data);
  said_bytes_ += at.bytes;
  return at;
}

void group::remove_member(const std::string& member_id, error_code answer, group_effects& out) {
  auto m = members_.find(member_id);
  if (m == members_.end()) return;
  if (m->second.joining) {
    const bool is_fenced = answer == error_code::fenced_instance_id;  // as in Kafka, it alone is told who it was
    out.replies.push_back(
      {*m->second.joining, msg::join_group_result{.error = answer, .member_id = is_fenced ? member_id : ""}});
  }
  if (m->second.syncing) out.replies.push_back({*m->second.syncing, msg::sync_group_result{.error = answer}});
  said_bytes_ -= m->second.bytes;
  members_.erase(m);
  if (leader_ == member_id) leader_ = members_.empty() ? "" : members_.begin()->first;
}

bool group::exists() const {
  const bool was_stored = stored_.generation > 0 || stored_.empty_since_ms >= 0;  // also when its topics are gone
  return has_members() || (!stored_.deleted && was_stored);
}

std::size_t group::waiting() const {
  std::size_t count = in_flight_ && in_flight_->waiter ? 1 : 0;
  for (const auto& [id, m] : members_) count += (m.joining ? 1U : 0U) + (m.syncing ? 1U : 0U);
  return count;
}

std::optional<std::int64_t> group::next_deadline_ms() const {
  if (is_busy() || phase_ == group_phase::dead) return std::nullopt;
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  for (const auto& [id, m] : members_) {
    if (m.is_new || !is_waiting(m)) next = std::min(next, m.session_deadline_ms);
  }
  for (const auto& [id, p] : pending_) next = std::min(next, p.deadline_ms);
  if (join_deadline_ms_) next = std::min(next, *join_deadline_ms_);
  if (sync_deadline_ms_) next = std::min(next, *sync_deadline_ms_);
  if (next == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return next;
}

group_effects group::retire(error_code error) {
  group_effects out;
  if (in_flight_) {
    const write_in_flight write = std::move(*in_flight_);
    in_flight_.reset();
    fail_write(write, error, moment{}, out);
  }
  while (!members_.empty()) remove_member(std::string(members_.begin()->first), error, out);
  pending_.clear();
  join_deadline_ms_.reset();
  sync_deadline_ms_.reset();
  phase_ = group_phase::dead;
  return out;
}

group_effects group::on_delete(waiter_key waiter, moment now) {
  group_effects out;
  if (phase_ == group_phase::dead) {
    out.replies.push_back({waiter, error_code::coordinator_not_available});
  } else if (has_members()) {
    out.replies.push_back({waiter, error_code::non_empty_group});
  } else if (phase_ != group_phase::empty) {  // the last one left, which is not stored yet
    out.replies.push_back({waiter, error_code::coordinator_not_available});
  } else if (!exists()) {
    out.replies.push_back({waiter, error_code::group_id_not_found});
  } else {
    group_metadata next;
    next.group_id = stored_.group_id;
    next.generation = stored_.generation;
    next.deleted = true;
    next.empty_since_ms = now.wall_ms;
    // The topics stay until the positions are erased: the shell reads them from `stored`.
    persist({.what = write_kind::deletion, .next = next, .waiter = waiter, .on_stored = error_code::none}, out);
  }
  return out;
}

msg::describe_group_result group::describe() const {
  msg::describe_group_result out{.error = error_code::none};
  out.state = name_of(exists() || !pending_.empty() ? phase_ : group_phase::dead);
  out.protocol_type = protocol_type_;
  const bool is_stable = phase_ == group_phase::stable;
  if (is_stable) out.protocol_name = stored_.protocol_name;
  for (const auto& [id, m] : members_) {
    msg::described_member row{id, m.data.instance_id, m.data.client_id, m.data.client_host, {}, {}};
    if (is_stable) {
      for (const auto& p : m.data.protocols) {
        if (p.name == stored_.protocol_name) row.metadata = p.metadata;
      }
    }
    row.assignment = assignment_of(id).assignment;  // in a rebalance what it had before
    out.members.push_back(std::move(row));
  }
  return out;
}

msg::list_group_result group::list() const {
  return {error_code::none, std::string(name_of(exists() || !pending_.empty() ? phase_ : group_phase::dead)),
          protocol_type_};
}

}  // namespace tidegate::core
