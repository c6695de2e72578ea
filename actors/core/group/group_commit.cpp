#include "actors/core/group/group.hpp"
#include "actors/core/group/subscription.hpp"
#include "messages/common/utf16_length.hpp"

#include <algorithm>
#include <iterator>

/// Which commits are accepted, and what the entry's list of positions becomes.
namespace tidegate::core {

namespace {

constexpr std::string_view consumer_protocol = "consumer";

// `topics` are in the order of their ids: a group may have positions in thousands of them.

auto find_topic(auto& topics, const uuid& topic_id) {
  const auto t = std::ranges::lower_bound(topics, topic_id, {}, &group_topic::topic_id);
  return t != topics.end() && t->topic_id == topic_id ? t : topics.end();
}

bool has_partition(const std::vector<group_topic>& topics, const msg::group_partition& where) {
  const auto t = find_topic(topics, where.topic_id);
  return t != topics.end() && std::ranges::binary_search(t->partitions, where.partition);
}

/// Some may be named twice. All at once: one after the other would move the topics behind each new one.
void add_partitions(std::vector<group_topic>& topics, std::vector<const msg::group_partition*> added) {
  std::ranges::sort(added, {}, [](const auto* where) { return std::pair(where->topic_id, where->partition); });
  std::vector<group_topic> fresh;  // in order, too
  for (const auto* where : added) {
    const auto t = find_topic(topics, where->topic_id);
    const bool is_fresh = t == topics.end();
    if (is_fresh && (fresh.empty() || fresh.back().topic_id != where->topic_id))
      fresh.push_back({where->topic_id, where->topic, {}});
    auto& partitions = is_fresh ? fresh.back().partitions : t->partitions;
    const auto at = std::ranges::lower_bound(partitions, where->partition);
    if (at == partitions.end() || *at != where->partition) partitions.insert(at, where->partition);
  }
  const auto known = static_cast<std::ptrdiff_t>(topics.size());
  std::ranges::move(fresh, std::back_inserter(topics));
  std::ranges::inplace_merge(topics, topics.begin() + known, {}, &group_topic::topic_id);
}

void remove_partition(std::vector<group_topic>& topics, const msg::group_partition& where) {
  const auto t = find_topic(topics, where.topic_id);
  if (t != topics.end()) std::erase(t->partitions, where.partition);
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
  std::vector<const msg::group_partition*> added;
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const auto& where = request.items[i].where;
    if (utf16_length(request.items[i].position.metadata) > options_.max_offset_metadata_bytes) {
      plan.items[i] = error_code::offset_metadata_too_large;
    } else if (!has_partition(stored_.topics, where)) {
      added.push_back(&where);
    }
  }
  if (who != members_.end() && std::ranges::count(plan.items, error_code::none) > 0) ++who->second.commits;
  if (added.empty()) return plan;
  group_metadata next = stored_;  // the entry is copied only when its list changes
  add_partitions(next.topics, std::move(added));
  if (next.deleted || !exists()) next.empty_since_ms = now.wall_ms;  // a simple consumer made the group
  next.deleted = false;
  plan.persist = next;
  in_flight_ = write_in_flight{.what = write_kind::positions, .next = std::move(next)};
  return plan;
}

void group::commit_answered(const std::string& member_id, moment now) {
  const auto who = members_.find(member_id);
  if (who == members_.end() || who->second.commits == 0) return;
  --who->second.commits;
  if (!who->second.is_new) extend_session(who->second, now);
}

/// Source: ClassicGroup.validateOffsetDelete.
error_code group::check_offset_delete() const {
  if (phase_ == group_phase::dead) return error_code::coordinator_not_available;
  if (!exists()) return error_code::group_id_not_found;
  return phase_ != group_phase::empty && protocol_type_ != consumer_protocol ? error_code::non_empty_group
                                                                             : error_code::none;
}

/// What the members of the last round subscribed to. nullopt: nobody can tell, and then it may be any topic.
/// Source: ClassicGroup.isSubscribedToTopic, computeSubscribedTopics.
std::optional<std::set<std::string>> group::topics_in_use() const {
  std::set<std::string> all;
  if (!has_members()) return all;
  if (stored_.members.empty()) return std::nullopt;  // the first round is not over
  for (const auto& [id, m] : stored_.members) {
    const auto chosen = std::ranges::find(m.protocols, stored_.protocol_name, &group_protocol::name);
    const auto topics = chosen == m.protocols.end() ? std::nullopt : subscribed_topics(chosen->metadata);
    if (!topics) return std::nullopt;
    all.insert(topics->begin(), topics->end());
  }
  return all;
}

position_plan group::plan_offset_delete(const msg::delete_offsets& request) {
  position_plan plan;
  plan.error = check_offset_delete();
  if (plan.error != error_code::none) return plan;
  const auto in_use = topics_in_use();
  group_metadata next = stored_;
  for (const auto& where : request.partitions) {
    const bool is_in_use = !in_use || in_use->contains(where.topic);
    plan.items.push_back(is_in_use ? error_code::group_subscribed_to_topic : error_code::none);
    if (!is_in_use) remove_partition(next.topics, where);
  }
  std::erase_if(next.topics, [](const group_topic& listed) { return listed.partitions.empty(); });
  if (next == stored_) return plan;
  plan.persist = next;
  in_flight_ = write_in_flight{.what = write_kind::positions, .next = std::move(next)};
  return plan;
}

void group::forget_topic(const uuid& topic_id) {
  const auto is_it = [&](const group_topic& listed) { return listed.topic_id == topic_id; };
  if (std::erase_if(stored_.topics, is_it) > 0) count_stored();
  if (in_flight_) std::erase_if(in_flight_->next.topics, is_it);
}

}  // namespace tidegate::core
