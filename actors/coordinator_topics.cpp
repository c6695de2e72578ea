// How positions go: OffsetDelete, and topics that are deleted (the store refuses writes to them from then on).
#include "actors/coordinator.hpp"

#include <algorithm>

namespace tidegate::actors {

namespace {

error_code error_of(const group_write_answer& answer) {
  if (answer.what == group_write_answer::status::fenced) return error_code::not_coordinator;
  return answer.error == error_code::none ? error_code::coordinator_not_available : answer.error;
}

}  // namespace

void coordinator_state::remove_offsets(const msg::delete_offsets& request) {
  auto plan = group_->plan_offset_delete(request);
  if (plan.error != error_code::none) return request.answer({plan.error, {}});
  group_write unit;
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    // Also one that the entry does not list: the list is a lower bound.
    if (plan.items[i] == error_code::none) unit.erases.push_back(request.partitions[i]);
  }
  const bool has_entry = plan.persist.has_value();
  unit.entry = std::move(plan.persist);
  msg::delete_offsets_result done{error_code::none, std::move(plan.items)};
  if (unit.erases.empty()) return request.answer(std::move(done));
  write(std::move(unit), [this, request, done, has_entry](group_write_answer answer) {
    const bool is_stored = answer.what == group_write_answer::status::stored;
    for (std::size_t i = 0; is_stored && i < done.items.size(); ++i) {
      const auto& where = request.partitions[i];
      if (done.items[i] == error_code::none) positions_.erase({where.topic_id, where.partition});
    }
    request.answer(is_stored ? done : msg::delete_offsets_result{error_of(answer), {}});
    const bool is_over = answer.what == group_write_answer::status::reload ||
                         answer.what == group_write_answer::status::fenced;
    if (has_entry || is_over) written(answer);
  });
}

/// The positions go with the topic's directory; the entry's list of them follows with the group's next write.
void coordinator_state::forget(const msg::forget_topic& m) {
  std::erase_if(positions_, [&](const auto& known) { return std::get<uuid>(known.first) == m.topic_id; });
  if (group_) group_->forget_topic(m.topic_id);
}

/// A group that was idle lists topics that were deleted meanwhile.
void coordinator_state::forget_gone_topics(group_metadata& entry) const {
  std::erase_if(entry.topics, [this](const group_topic& listed) {
    return context_.store->liveness_of(listed.topic_id) == topic_liveness::gone;
  });
}

/// A commit of which nothing was stored, because one of its topics was deleted since the handler looked: what is left
/// of it. The answer for the others is unknown_topic_or_partition. Nothing: all topics are there, or none.
/// `items`: the answer so far; `returned`: what it would have stored, one for every item that is none.
std::optional<msg::offset_commit> coordinator_state::live_part(
  const msg::offset_commit& request, std::vector<error_code> items,
  const std::vector<msg::offset_commit_item>& returned) const {
  auto rest = request;
  rest.items.clear();
  std::vector<std::size_t> places;
  auto next = returned.begin();
  for (std::size_t i = 0; i < items.size() && next != returned.end(); ++i) {
    if (items[i] != error_code::none) continue;
    const bool is_live = context_.store->liveness_of(next->where.topic_id) == topic_liveness::live;
    if (is_live) {
      rest.items.push_back(*next);
      places.push_back(i);
    } else {
      items[i] = error_code::unknown_topic_or_partition;
    }
    ++next;
  }
  if (rest.items.empty() || rest.items.size() == returned.size()) return std::nullopt;
  const auto count = rest.items.size();
  auto merge = [respond = request.answer, places, items = std::move(items)](const std::vector<error_code>& errors) {
    auto all = items;
    for (std::size_t i = 0; i < places.size() && i < errors.size(); ++i) all[places[i]] = errors[i];
    respond(std::move(all));
  };
  rest.answer = msg::item_errors_reply(count, std::move(merge));
  return rest;
}

}  // namespace tidegate::actors
