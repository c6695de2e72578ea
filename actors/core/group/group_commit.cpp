#include "actors/core/group/group.hpp"

#include <algorithm>

/// Which commits are accepted, and what the entry's list of positions becomes.
namespace tidegate::core {

namespace {

/// True when the list changed.
bool add_partition(std::vector<group_topic>& topics, const msg::group_partition& where) {
  auto t = std::ranges::find(topics, where.topic_id, &group_topic::topic_id);
  if (t == topics.end()) {
    topics.push_back({where.topic_id, where.topic, {where.partition}});
    return true;
  }
  auto at = std::ranges::lower_bound(t->partitions, where.partition);
  if (at != t->partitions.end() && *at == where.partition) return false;
  t->partitions.insert(at, where.partition);
  return true;
}

void remove_partition(std::vector<group_topic>& topics, const msg::group_partition& where) {
  auto t = std::ranges::find(topics, where.topic_id, &group_topic::topic_id);
  if (t == topics.end()) return;
  std::erase(t->partitions, where.partition);
  if (t->partitions.empty()) topics.erase(t);
}

}  // namespace

error_code group::check_commit(const msg::offset_commit& r) const {
  if (phase_ == group_phase::dead) return error_code::coordinator_not_available;
  const bool is_simple = r.generation < 0 && r.member_id.empty() && !r.instance_id;
  if (r.generation < 0 && phase_ == group_phase::empty) return error_code::none;
  if (!exists() && r.generation >= 0) return error_code::illegal_generation;
  if (is_simple) return error_code::unknown_member_id;
  if (const auto error = check_member(r.member_id, r.instance_id); error != error_code::none) return error;
  if (r.generation != stored_.generation) return error_code::illegal_generation;
  return phase_ == group_phase::completing_rebalance ? error_code::rebalance_in_progress : error_code::none;
}

position_plan group::plan_commit(const msg::offset_commit& request, moment now) {
  position_plan plan;
  const auto error = check_commit(request);
  plan.items.assign(request.items.size(), error);
  if (error != error_code::none) return plan;
  const auto who = members_.find(request.member_id);
  if (who != members_.end() && !who->second.is_new) extend_session(who->second, now);
  group_metadata next = stored_;
  bool is_changed = false;
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    if (request.items[i].position.metadata.size() > options_.max_offset_metadata_bytes) {
      plan.items[i] = error_code::offset_metadata_too_large;
    } else if (add_partition(next.topics, request.items[i].where)) {
      is_changed = true;
    }
  }
  if (!is_changed) return plan;
  if (next.deleted || !exists()) next.empty_since_ms = now.wall_ms;  // a simple consumer made the group
  next.deleted = false;
  plan.persist = next;
  in_flight_ = write_in_flight{.what = write_kind::positions, .next = std::move(next)};
  return plan;
}

position_plan group::plan_offset_delete(const msg::delete_offsets& request, moment) {
  position_plan plan;
  auto error = error_code::none;
  if (phase_ == group_phase::dead) {
    error = error_code::coordinator_not_available;
  } else if (!exists()) {
    error = request.topic_is_deleted ? error_code::none : error_code::group_id_not_found;
  } else if (has_members() && !request.topic_is_deleted) {
    error = error_code::non_empty_group;
  }
  plan.items.assign(request.partitions.size(), error);
  if (error != error_code::none || !exists()) return plan;
  group_metadata next = stored_;
  for (const auto& where : request.partitions) remove_partition(next.topics, where);
  if (next == stored_) return plan;
  plan.persist = next;
  in_flight_ = write_in_flight{.what = write_kind::positions, .next = std::move(next)};
  return plan;
}

}  // namespace tidegate::core
