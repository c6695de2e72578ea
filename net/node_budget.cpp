#include "net/node_budget.hpp"

#include <utility>

namespace tidegate::net {

namespace {

void call(const std::shared_ptr<node_budget::waiter>& next) {
  if (next) next->on_turn();
}

std::int64_t above(std::size_t value, std::size_t free) {
  return value > free ? static_cast<std::int64_t>(value - free) : 0;
}

}  // namespace

/// With the mutex: whose turn it is from now on, if that changes; it is to be told without the mutex.
std::shared_ptr<node_budget::waiter> node_budget::pass_on() {
  if (turn_ != 0 && !(has_gone_on_ && has_room())) return nullptr;
  turn_ = 0;
  while (!line_.empty()) {
    const auto first = line_.extract(line_.begin());
    waiting_ = line_.size();
    if (auto who = first.mapped().lock()) {
      turn_ = first.key();
      has_gone_on_ = false;
      return who;
    }
  }
  return nullptr;
}

void node_budget::add(std::int64_t requests, std::int64_t bytes) {
  if (requests != 0) requests_ += requests;
  if (bytes != 0) bytes_ += bytes;
  // Who waits entered the line before it looked for room a last time: one of the two sees the other.
  if ((requests >= 0 && bytes >= 0) || waiting_ == 0) return;
  std::unique_lock lock(mutex_);
  const auto next = pass_on();
  lock.unlock();
  call(next);
}

void node_budget::wait(std::uint64_t place, std::weak_ptr<waiter> who) {
  std::unique_lock lock(mutex_);
  line_.emplace(place, std::move(who));
  waiting_ = line_.size();
  const auto next = pass_on();
  lock.unlock();
  call(next);
}

void node_budget::went_on(std::uint64_t place) {
  std::unique_lock lock(mutex_);
  if (turn_ != place) return;
  has_gone_on_ = true;
  const auto next = pass_on();
  lock.unlock();
  call(next);
}

void node_budget::leave(std::uint64_t place) {
  std::unique_lock lock(mutex_);
  line_.erase(place);
  waiting_ = line_.size();
  if (turn_ == place) turn_ = 0;
  const auto next = pass_on();
  lock.unlock();
  call(next);
}

budget_share::~budget_share() {
  leave();
  keep_unsent(0);
  hold(0, 0);
}

void budget_share::hold(std::size_t requests, std::size_t bytes) {
  const auto counted_requests = above(requests, node_budget::free_requests);
  const auto counted_bytes = above(bytes, node_budget::free_bytes);
  if (counted_requests == requests_ && counted_bytes == bytes_) return;
  node_->add(counted_requests - std::exchange(requests_, counted_requests),
             counted_bytes - std::exchange(bytes_, counted_bytes));
}

void budget_share::keep_unsent(std::size_t bytes) {
  const auto now = static_cast<std::int64_t>(bytes);
  if (now != unsent_) node_->add_unsent(now - std::exchange(unsent_, now));
}

bool budget_share::may_go_on() {
  if (has_turn()) {
    in_line_ = false;
    if (!is_whole_) return true;
    if (!node_->has_room()) return false;
    leave();
  }
  if (is_whole_) leave();  // the turn was passed on: it waits for nothing
  if (place_ == 0) return node_->is_open();
  return !in_line_ && node_->has_room();
}

void budget_share::wait(std::weak_ptr<node_budget::waiter> who) {
  if (in_line_ || has_turn()) return;
  if (place_ == 0) place_ = node_->new_place();
  in_line_ = true;
  node_->wait(place_, std::move(who));
}

void budget_share::went_on() {
  if (!has_turn()) return;
  in_line_ = false;
  node_->went_on(place_);
}

void budget_share::have_request() {
  if (place_ == 0) return;
  if (has_turn())
    is_whole_ = true;
  else
    leave();
}

void budget_share::have_answer() {
  if (is_whole_) leave();
}

void budget_share::give_up() {
  if (!is_whole_) leave();
}

void budget_share::leave() {
  in_line_ = is_whole_ = false;
  if (place_ != 0) node_->leave(std::exchange(place_, 0));
}

}  // namespace tidegate::net
