#include "actors/core/group/group.hpp"

#include "actors/core/group/entry_size.hpp"

/// SyncGroup.
namespace tidegate::core {

error_code group::check_sync(const msg::sync_group& request) const {
  if (phase_ == group_phase::dead) return error_code::coordinator_not_available;
  if (const auto error = check_member(request.member_id, request.instance_id); error != error_code::none) return error;
  if (request.generation != stored_.generation) return error_code::illegal_generation;
  // While a round is prepared the names of the stored one may be out of date; the member learns that it has to join.
  if (phase_ == group_phase::preparing_rebalance) return error_code::rebalance_in_progress;
  if (request.protocol_type && *request.protocol_type != stored_.protocol_type) {
    return error_code::inconsistent_group_protocol;
  }
  if (request.protocol_name && *request.protocol_name != stored_.protocol_name) {
    return error_code::inconsistent_group_protocol;
  }
  return error_code::none;
}

msg::sync_group_result group::assignment_of(const std::string& member_id) const {
  msg::sync_group_result out{error_code::none, stored_.protocol_type, stored_.protocol_name, {}};
  const auto m = stored_.members.find(member_id);
  if (m != stored_.members.end()) out.assignment = m->second.assignment;
  return out;
}

group_effects group::on_sync(const msg::sync_group& request, waiter_key waiter, moment now) {
  group_effects out;
  if (const auto error = check_sync(request); error != error_code::none) {
    out.replies.push_back({waiter, msg::sync_group_result{.error = error}});
    return out;
  }
  member& m = members_.at(request.member_id);
  m.must_sync = false;
  if (phase_ == group_phase::stable) {
    extend_session(m, now);
    out.replies.push_back({waiter, assignment_of(request.member_id)});
    return out;
  }
  if (m.syncing) {  // the same member asked again: only its newest request waits
    out.replies.push_back({*m.syncing, msg::sync_group_result{.error = error_code::rebalance_in_progress}});
  }
  m.syncing = waiter;
  if (request.member_id != stored_.leader) return out;
  group_metadata next = stored_;
  next.is_assigned = true;
  for (auto& [id, data] : next.members) data.assignment.clear();
  for (const auto& row : request.assignments) {
    const auto target = next.members.find(row.member_id);
    if (target != next.members.end()) target->second.assignment = row.assignment;
  }
  if (const auto bytes = stored_bytes(next); bytes > options_.max_entry_bytes) {
    out.refused_for_size = {size_limit::group_entry, bytes};
    refuse_assignments(now, out);
  } else {
    persist({.what = write_kind::assignment, .next = std::move(next)}, out);
  }
  return out;
}

/// The store would refuse them each time: no error that clients repeat, and the round is over.
/// Source: ClassicGroup.resetAndPropagateAssignmentError and appendGroupMetadataErrorToResponseError of Kafka.
void group::refuse_assignments(moment now, group_effects& out) {
  for (auto& [id, m] : members_) {
    if (!m.syncing) continue;
    out.replies.push_back({*m.syncing, msg::sync_group_result{.error = error_code::unknown_server_error}});
    m.syncing.reset();
    extend_session(m, now);
  }
  prepare_or_complete(now, out);
}

void group::assignments_stored(moment now, group_effects& out) {
  phase_ = group_phase::stable;
  for (auto& [id, m] : members_) {
    if (!m.syncing) continue;
    out.replies.push_back({*m.syncing, assignment_of(id)});
    m.syncing.reset();
    extend_session(m, now);
  }
}

}  // namespace tidegate::core
