#include "actors/core/group/group.hpp"

#include "actors/core/group/entry_size.hpp"
#include "messages/kafka/wire.hpp"

#include <algorithm>

/// JoinGroup.
namespace tidegate::core {

namespace {

msg::join_group_result refuse(error_code error, std::string member_id) {
  return {.error = error, .member_id = std::move(member_id)};
}

/// The oldest ids go: who comes with one that is gone gets a new one; who were refused here would give up.
void make_room(auto& pending, std::size_t id_bytes, const group_options& options) {
  for (const auto& [id, p] : pending) id_bytes += id.size();
  while (!pending.empty() && (pending.size() >= options.max_pending_members || id_bytes > options.max_metadata_bytes)) {
    const auto oldest = std::ranges::min_element(pending, {}, [](const auto& p) { return p.second.since_ms; });
    id_bytes -= oldest->first.size();
    pending.erase(oldest);
  }
}

/// As Kafka's, but for a client that calls itself so that its id could not be sent (Kafka closes the connection).
std::string new_member_id(const msg::join_group& r, std::string_view new_uuid) {
  const auto& name = r.instance_id ? *r.instance_id : r.client_id;
  const bool fits = name.size() + 1 + new_uuid.size() <= kafka::longest_string;
  return (fits ? name : "") + "-" + std::string(new_uuid);
}

}  // namespace

bool group::has_room_for(const std::string& member_id) const {
  const auto known = members_.find(member_id);
  switch (phase_) {
    case group_phase::empty:
    case group_phase::dead: return true;
    case group_phase::preparing_rebalance: {
      if (known != members_.end() && known->second.joining) return true;
      const auto joining = std::ranges::count_if(members_, [](const auto& m) { return m.second.joining.has_value(); });
      return static_cast<std::size_t>(joining) < options_.max_size;
    }
    case group_phase::completing_rebalance:
    case group_phase::stable: return known != members_.end() || members_.size() < options_.max_size;
  }
  return false;
}

/// What a member says counts instead of what it said before.
group::join_size group::size_of(const msg::join_group& request, std::string_view new_uuid) {
  const bool is_new = request.member_id.empty();
  const std::string* id = &request.member_id;
  if (is_new) id = request.instance_id ? find_static(*request.instance_id) : nullptr;
  const auto known = id ? members_.find(*id) : members_.end();
  join_size size;
  if (known != members_.end()) size = {&known->second, known->second.bytes, 0};
  size.wanted = stored_bytes(is_new ? new_member_id(request, new_uuid) : request.member_id, request);
  return size;
}

/// Who says no more than before is never refused: the limit may have been lowered. Without a limit one member could
/// make an entry that cannot be stored, for all of them.
bool group::has_bytes_for(const join_size& size) const {
  return size.wanted <= size.before || said_bytes_ - size.before + size.wanted <= options_.max_metadata_bytes;
}

bool group::node_has_bytes_for(const join_size& size) const {
  const auto room = size.known ? options_.node_room.members : options_.node_room.newcomers;
  return size.wanted <= size.before || size.wanted - size.before <= room;
}

/// Of who comes with an id, which was handed out to it or is a member's.
error_code group::check_id(const msg::join_group& request) const {
  if (request.member_id.empty()) return error_code::none;
  if (!pending_.contains(request.member_id)) return check_member(request.member_id, request.instance_id);
  return request.instance_id ? error_code::unknown_member_id : error_code::none;
}

/// For its client this is the end, so the others do not wait for it.
void group::refuse_for_size(const msg::join_group& r, waiter_key w, moment now, group_effects& out) {
  const bool was_member = check_member(r.member_id, r.instance_id) == error_code::none;
  pending_.erase(r.member_id);
  if (was_member) remove_member(r.member_id, error_code::group_max_size_reached, out);
  out.replies.push_back({w, refuse(error_code::group_max_size_reached, "")});
  if (was_member) {
    prepare_or_complete(now, out);
  } else {
    complete_round_if_all_joined(now, out);
  }
}

/// The node has no room for it now. A member keeps its session while it asks again; who has no more than an id loses
/// it, so that the others do not wait.
void group::refuse_for_now(const join_size& size, const msg::join_group& r, waiter_key w, moment now,
                           group_effects& out) {
  out.refused_for_size = {size_limit::node_groups, size.wanted - size.before};
  auto later = refuse(error_code::coordinator_load_in_progress, r.member_id);
  later.throttle_ms = options_.retry_ms;
  out.replies.push_back({w, std::move(later)});
  if (size.known && !size.known->is_new) extend_session(*size.known, now);
  if (pending_.erase(r.member_id) > 0) complete_round_if_all_joined(now, out);
}

msg::join_group_result group::current_round(const std::string& member_id, bool with_members) const {
  msg::join_group_result out{.error = error_code::none, .generation = stored_.generation,
                             .protocol_type = stored_.protocol_type, .protocol_name = stored_.protocol_name,
                             .leader = stored_.leader, .member_id = member_id};
  if (!with_members) return out;
  for (const auto& [id, data] : stored_.members) {
    msg::join_group_member row{id, data.instance_id, {}};
    for (const auto& p : data.protocols) {
      if (p.name == stored_.protocol_name) row.metadata = p.metadata;
    }
    out.members.push_back(std::move(row));
  }
  return out;
}

group_effects group::on_join(const msg::join_group& request, waiter_key waiter, std::string_view new_uuid, moment now) {
  group_effects out;
  auto refused = [&](error_code error) { out.replies.push_back({waiter, refuse(error, request.member_id)}); };
  const auto size = size_of(request, new_uuid);
  if (phase_ == group_phase::dead) {
    refused(error_code::coordinator_not_available);
  } else if (request.session_timeout_ms < options_.min_session_timeout_ms ||
             request.session_timeout_ms > options_.max_session_timeout_ms) {
    refused(error_code::invalid_session_timeout);
  } else if (!has_room_for(request.member_id)) {
    refuse_for_size(request, waiter, now, out);
  } else if (!has_bytes_for(size)) {
    out.refused_for_size = {size_limit::group_metadata, said_bytes_ - size.before + size.wanted};
    refuse_for_size(request, waiter, now, out);
  } else if (!supports(request.protocol_type, request.protocols)) {
    refused(error_code::inconsistent_group_protocol);
  } else if (const auto error = check_id(request); error != error_code::none) {
    refused(error);
  } else if (!node_has_bytes_for(size)) {
    refuse_for_now(size, request, waiter, now, out);
  } else if (request.member_id.empty()) {
    join_new(request, waiter, new_uuid, now, out);
  } else if (pending_.contains(request.member_id)) {
    add_member(request.member_id, request, waiter, now, out);
  } else {
    join_known(request, waiter, now, out);
  }
  return out;
}

void group::join_new(const msg::join_group& r, waiter_key w, std::string_view new_uuid, moment now,
                     group_effects& out) {
  std::string id = new_member_id(r, new_uuid);
  if (r.instance_id) {
    const std::string* existing = find_static(*r.instance_id);
    if (existing) {
      replace_static(std::string(*existing), id, r, w, now, out);
    } else {
      add_member(id, r, w, now, out);
    }
  } else if (!r.member_id_required) {
    add_member(id, r, w, now, out);
  } else {
    make_room(pending_, id.size(), options_);
    pending_[id] = {now.now_ms, now.now_ms + r.session_timeout_ms, r.session_timeout_ms};
    out.replies.push_back({w, refuse(error_code::member_id_required, id)});
  }
}

void group::join_known(const msg::join_group& r, waiter_key w, moment now, group_effects& out) {
  member& m = members_.at(r.member_id);
  const bool is_leader = leader_ == r.member_id;
  const bool is_same = m.data.protocols == r.protocols;
  const bool answer_again = (phase_ == group_phase::completing_rebalance && is_same) ||
                            (phase_ == group_phase::stable && is_same && !is_leader);
  if (answer_again) {  // its answer was lost, or its metadata did not change
    extend_session(m, now);
    const bool with_members = phase_ == group_phase::completing_rebalance && is_leader;
    out.replies.push_back({w, current_round(r.member_id, with_members)});
    return;
  }
  member changed = std::move(m);
  update_member(changed, r, w, out);
  // Its first round could not be stored, which left it a plain session.
  if (changed.is_new) await_first_round(changed, now);
  put_member(r.member_id, std::move(changed));
  prepare_or_complete(now, out);
}

/// A new member cannot send heartbeats yet; one whose connection is gone must not hold the group for ever.
void group::await_first_round(member& who, moment now) const {
  who.session_deadline_ms = now.now_ms + options_.new_member_timeout_ms;
}

void group::add_member(const std::string& id, const msg::join_group& r, waiter_key w, moment now, group_effects& out) {
  pending_.erase(id);
  if (members_.empty()) protocol_type_ = r.protocol_type;
  if (leader_.empty() || !members_.contains(leader_)) leader_ = id;
  member who;
  who.data.member_id = id;
  who.data.instance_id = r.instance_id;
  who.is_new = true;
  update_member(who, r, w, out);
  await_first_round(who, now);
  put_member(id, std::move(who));
  joined_meanwhile_ = true;
  prepare_or_complete(now, out);
}

void group::update_member(member& who, const msg::join_group& r, waiter_key w, group_effects& out) {
  who.data.client_id = r.client_id;
  who.data.client_host = r.client_host;
  who.data.session_timeout_ms = r.session_timeout_ms;
  who.data.rebalance_timeout_ms = r.rebalance_timeout_ms < 0 ? r.session_timeout_ms : r.rebalance_timeout_ms;
  who.data.protocols = r.protocols;
  who.supports_skip_assignment = r.supports_skip_assignment;
  if (who.joining) {  // the same member asked again: only its newest request gets the round
    out.replies.push_back({*who.joining, refuse(error_code::rebalance_in_progress, who.data.member_id)});
  }
  who.joining = w;
}

/// KIP-345: the instance came back without its member id. It gets a new one; the old one is fenced.
void group::replace_static(const std::string& old_id, const std::string& new_id, const msg::join_group& r,
                           waiter_key w, moment now, group_effects& out) {
  member twin = members_.at(old_id);
  twin.joining.reset();
  twin.syncing.reset();
  twin.commits = 0;
  twin.is_new = false;  // as in Kafka: it is held while it waits in the round, like any member that was there before
  twin.data.member_id = new_id;
  twin.data.instance_id = r.instance_id;
  update_member(twin, r, w, out);
  extend_session(twin, now);
  if (phase_ == group_phase::stable) {
    std::vector<group_protocol> before = std::exchange(members_.at(old_id).data.protocols, twin.data.protocols);
    const bool is_same_selection = select_protocol() == stored_.protocol_name;
    members_.at(old_id).data.protocols = std::move(before);
    if (is_same_selection) {
      store_replacement(old_id, std::move(twin), w, now, out);
      return;
    }
  }
  const bool was_leader = leader_ == old_id;
  remove_member(old_id, error_code::fenced_instance_id, out);
  if (was_leader) leader_ = new_id;
  put_member(new_id, std::move(twin));
  prepare_or_complete(now, out);
}

/// In a stable group with the same protocol nobody else notices: generation and assignment stay.
void group::store_replacement(const std::string& old_id, member twin, waiter_key w, moment, group_effects& out) {
  twin.joining.reset();
  group_metadata next = stored_;
  auto node = next.members.extract(old_id);
  node.key() = twin.data.member_id;
  byte_buffer assignment = std::move(node.mapped().assignment);
  node.mapped() = twin.data;
  node.mapped().assignment = std::move(assignment);
  next.members.insert(std::move(node));
  if (next.leader == old_id) next.leader = twin.data.member_id;
  if (const auto bytes = stored_bytes(next); bytes > options_.max_entry_bytes) {
    // Beside the assignments, which nobody makes anew for it.
    out.refused_for_size = {size_limit::group_entry, bytes};
    out.replies.push_back({w, refuse(error_code::group_max_size_reached, "")});
    return;
  }
  persist({.what = write_kind::static_member, .next = std::move(next), .waiter = w,
           .on_stored = msg::join_group_result{}, .old_member_id = old_id, .replacement = std::move(twin)}, out);
}

void group::replacement_stored(const write_in_flight& write, moment now, group_effects& out) {
  const std::string& new_id = write.replacement->data.member_id;
  const bool is_leader = leader_ == write.old_member_id;
  remove_member(write.old_member_id, error_code::fenced_instance_id, out);
  member& m = put_member(new_id, *write.replacement);
  m.is_new = false;
  extend_session(m, now);
  if (is_leader) leader_ = new_id;
  auto answer = current_round(new_id, is_leader && m.supports_skip_assignment);
  answer.skip_assignment = is_leader && m.supports_skip_assignment;
  // Without KIP-814 the restarted leader must not assign again: the old id in the answer makes it a follower.
  if (is_leader && !m.supports_skip_assignment) answer.leader = write.old_member_id;
  out.replies.push_back({*write.waiter, std::move(answer)});
}

}  // namespace tidegate::core
