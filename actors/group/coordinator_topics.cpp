// How positions go: OffsetDelete, DeleteGroups, and topics that are deleted (the store refuses writes to them from then
// on).
#include "actors/group/coordinator.hpp"
#include "actors/log.hpp"

#include <algorithm>

namespace tidegate::actors {

void coordinator_state::remove_offsets(const msg::delete_offsets& request) {
  if (!is_unknown()) return remove_offsets_at(request);
  context_.store->find_positions(
    context_.group_id, to_self<found_positions>([this, request, epoch = epoch_](const found_positions& found) {
      if (epoch != epoch_) return;  // its reply answers with a retriable error
      if (found.error != error_code::none) return request.answer({found.error, {}});
      submit([this, request, found] { remove_native_offsets(request, found); });
    }));
}

/// Of a group that was without an entry when it was looked up.
void coordinator_state::remove_native_offsets(const msg::delete_offsets& request, const found_positions& found) {
  if (!is_unknown() || (found.where.empty() && found.complete)) return remove_offsets_at(request);
  if (found.where.empty()) return request.answer({error_code::coordinator_not_available, {}});
  group_write unit;
  unit.erases = request.partitions;
  write(std::move(unit), [this, request](const group_write_answer& answer) {
    const bool is_stored = answer.what == group_write_answer::status::stored;
    request.answer({is_stored ? error_code::none : error_of(answer),
                    std::vector<error_code>(is_stored ? request.partitions.size() : 0, error_code::none)});
    if (is_over(answer)) written(answer);
  });
}

void coordinator_state::remove_offsets_at(const msg::delete_offsets& request) {
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
    if (has_entry || is_over(answer)) written(answer);
  });
}

/// All positions go, wherever they are: one that the entry does not list would bring the group back.
void coordinator_state::remove_group(const msg::delete_group& request) {
  if (group_->has_members()) return perform(group_->on_delete(park(request.answer), now()));
  context_.store->find_positions(
    context_.group_id, to_self<found_positions>([this, request, epoch = epoch_](const found_positions& found) {
      if (epoch != epoch_) return;  // its reply answers with a retriable error
      if (found.error != error_code::none) return request.answer(found.error);
      submit([this, request, found] { remove_group_at(request, found); });
    }));
}

void coordinator_state::remove_group_at(const msg::delete_group& request, const found_positions& found) {
  if (!is_unknown()) return perform(group_->on_delete(park(request.answer), now()), found.where);
  if (!found.complete) return request.answer(error_code::coordinator_not_available);  // some would be left
  if (found.where.empty()) return request.answer(error_code::group_id_not_found);
  group_write unit;
  unit.erases = found.where;
  write(std::move(unit), [this, respond = request.answer](const group_write_answer& answer) {
    respond(answer.what == group_write_answer::status::stored ? error_code::none : error_of(answer));
    if (is_over(answer)) written(answer);
  });
}

bool coordinator_state::is_bare() const {
  return stage_ == stage::ready && group_->is_idle() && group_->exists() && open_commits_.empty() &&
         group_->stored().topics.empty() && group_->stored().empty_since_ms >= 0;
}

/// By the steady clock, if it became bare here.
bool coordinator_state::is_bare_for(std::chrono::milliseconds time) const {
  if (!is_bare()) return false;
  const auto passed = last_write_ms_ ? now().now_ms - *last_write_ms_
                                     : context_.wall_ms() - group_->stored().empty_since_ms;
  return passed >= time.count();
}

/// As Kafka does, which looks every offsets.retention.check.interval.ms: a name that was used once is not listed for
/// ever. Native positions keep the group, and so does doubt, until somebody has used or loaded it again.
void coordinator_state::let_go() {
  letting_go_ = letting_go::looks;
  context_.store->find_positions(
    context_.group_id, to_self<found_positions>([this, epoch = epoch_](const found_positions& found) {
      if (epoch != epoch_ || letting_go_ != letting_go::looks) return;  // somebody used it
      letting_go_ = letting_go::tried;
      const bool has_none = found.error == error_code::none && found.complete && found.where.empty();
      if (!has_none || !parked_.empty() || !is_bare()) return;
      log_event(log_level::info, "group without members and positions removed", {{"group", context_.group_id}});
      perform(group_->on_delete(park(reply<error_code>{}), now()));
    }));
}

/// The positions go with the topic's directory; the entry's list of them follows with the group's next write.
void coordinator_state::forget(const msg::forget_topic& m) {
  std::erase_if(positions_, [&](const auto& known) { return std::get<uuid>(known.first) == m.topic_id; });
  if (!group_) return;
  group_->forget_topic(m.topic_id);
  show();
}

/// Of what it remembers: a group without members remembers no positions, and nothing is read for it. A partition that
/// went quiet ends where it ended.
std::optional<std::int64_t> coordinator_state::lag_in(const uuid& topic_id, const lag_round& round) {
  std::optional<std::int64_t> lag;
  for (auto at = positions_.lower_bound({topic_id, 0}); at != positions_.end(); ++at) {
    const auto& [id, partition] = at->first;
    if (id != topic_id) break;
    auto& known = at->second;
    if (const auto end = round.end_of(topic_id, partition); end >= 0) known.end = end;
    if (known.end >= 0) lag = lag.value_or(0) + std::max<std::int64_t>(known.end - known.offset, 0);
  }
  return lag;
}

void coordinator_state::report_lag(const msg::report_lag& m) {
  if (!group_ || is_unknown()) return;
  std::optional<std::int64_t> all;
  for (const auto& listed : group_->stored().topics) {
    const auto lag = lag_in(listed.topic_id, *m.round);
    if (!lag) continue;
    m.round->add(context_.group_id, listed.topic, *lag);
    all = all.value_or(0) + *lag;
  }
  m.round->add({context_.group_id, std::string(core::name_of(group_->phase())), group_->members(),
                group_->stored().generation, all});
}

/// A group that was idle lists topics that were deleted meanwhile.
void coordinator_state::forget_gone_topics(group_metadata& entry) const {
  std::erase_if(entry.topics, [this](const group_topic& listed) {
    return context_.store->liveness_of(listed.topic_id, listed.topic) == topic_liveness::gone;
  });
}

}  // namespace tidegate::actors
