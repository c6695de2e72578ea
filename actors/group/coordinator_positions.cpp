// OffsetCommit and OffsetFetch of a group that is loaded.
#include "actors/group/coordinator.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors {

/// The items move on into the write; they are copied only where the lag is of interest, while the group has members.
void coordinator_state::commit(msg::offset_commit& request) {
  if (const auto wait = wait_to_create(request.client_host)) {
    request.answer({std::vector(request.items.size(), error_code::coordinator_load_in_progress),
                    static_cast<std::int32_t>(wait->count())});
    return;
  }
  auto plan = group_->plan_commit(request, now());
  group_write unit;
  const bool has_entry = plan.persist.has_value();
  unit.entry = std::move(plan.persist);
  unit.puts = std::move(request.items);
  const auto is_refused = [&](const auto& put) {
    return plan.items[static_cast<std::size_t>(&put - unit.puts.data())] != error_code::none;
  };
  if (std::ranges::any_of(unit.puts, is_refused)) {
    std::vector<msg::offset_commit_item> accepted;
    for (auto& put : unit.puts) {
      if (!is_refused(put)) accepted.push_back(std::move(put));
    }
    unit.puts = std::move(accepted);
  }
  if (unit.puts.empty() && !has_entry) {
    request.answer(std::move(plan.items));
    return;
  }
  TIDEGATE_FAULT_POINT("coordinator.commit.before_write");
  const auto number = ++last_commit_;
  open_commits_.insert(number);
  auto kept = group_->has_members() ? unit.puts : std::vector<msg::offset_commit_item>{};
  write(std::move(unit), [this, request = std::move(request), kept = std::move(kept), items = std::move(plan.items),
                          has_entry, number](const group_write_answer& answer) mutable {
    TIDEGATE_FAULT_POINT("coordinator.commit.before_apply");
    committed(std::move(kept), items, answer);
    TIDEGATE_FAULT_POINT("coordinator.commit.before_answer");
    request.answer(std::move(items));
    group_->commit_answered(request.member_id, now());
    commit_ended(number);
    schedule();
    const bool is_over = answer.what == group_write_answer::status::reload ||
                         answer.what == group_write_answer::status::fenced;
    if (has_entry || is_over) written(answer);
  });
}

/// `puts`: what was to be stored, or nothing when it need not be remembered. `items`: the answer; those that are none
/// are the puts, in order, and get what became of them.
void coordinator_state::committed(std::vector<msg::offset_commit_item> puts, std::vector<error_code>& items,
                                  const group_write_answer& answer) {
  const bool is_stored = answer.what == group_write_answer::status::stored;
  const bool is_kept = is_stored && group_->has_members() && !puts.empty();
  auto left_out = answer.left_out.begin();
  std::size_t put = 0;
  for (auto& item : items) {
    if (item != error_code::none) continue;
    if (left_out != answer.left_out.end() && left_out->index == put) {
      item = error_code::unknown_topic_or_partition;
      group_->forget_topic(left_out++->topic_id);
    } else if (!is_stored) {
      item = error_of(answer);
    } else if (is_kept) {
      const auto& [where, position] = puts[put];
      positions_[{where.topic_id, where.partition}].offset = position.offset;
    }
    ++put;
  }
}

void coordinator_state::fetch(const msg::offset_fetch& request) {
  if (!request.items) return fetch_all(request);
  using items = std::vector<msg::offset_fetch_item>;
  std::function<void(const items&)> notice;
  if (group_->has_members())
    notice = to_self<items>([this, epoch = epoch_](const items& found) {
      if (epoch == epoch_) notice_positions(found);
    });
  context_.store->fetch(context_.group_id, *request.items,
                        [asked = request.items->size(), respond = request.answer, notice](items found) {
                          if (found.size() != asked) {  // no answer is not an absent position
                            respond({error_code::coordinator_load_in_progress, {}});
                            return;
                          }
                          if (notice) notice(found);
                          respond(without_doubt({error_code::none, std::move(found)}));
                        });
}

/// Where its members go on, until they commit.
void coordinator_state::notice_positions(const std::vector<msg::offset_fetch_item>& found) {
  if (!group_ || !group_->has_members()) return;
  for (const auto& [where, error, position] : found)
    if (error == error_code::none && position.offset >= 0)
      positions_.try_emplace({where.topic_id, where.partition}, known_position{position.offset});
}

/// A client that asks for a position behind its own commit is to see that one.
void coordinator_state::behind_commits(std::function<void()> read) {
  if (open_commits_.empty()) return read();
  if (reads_.size() < context_.options.max_parked)
    reads_.emplace_back(last_commit_, std::move(read));
  else
    counted.unparked_group_requests.add();
}

void coordinator_state::commit_ended(std::uint64_t number) {
  open_commits_.erase(number);
  while (!reads_.empty() && (open_commits_.empty() || reads_.front().first < *open_commits_.begin())) {
    const auto read = std::move(reads_.front().second);
    reads_.pop_front();
    read();
  }
}

}  // namespace tidegate::actors
