#pragma once

#include "smq/seaweedmq/http/event_loop.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace tidegate::smq::seaweedmq {

/// What waits for something: first come, first served, each until its deadline. Thread: the loop's.
template <class T>
class wait_list {
 public:
  /// `expired` gets what was not popped in time.
  wait_list(event_loop& loop, std::function<void(T)> expired) : timer_(loop), expired_(std::move(expired)) {}

  void push(T waiting, time_point deadline) {
    waiting_.emplace_back(deadline, std::move(waiting));
    if (waiting_.size() == 1 || deadline < alarm_) arm(deadline);
  }

  std::optional<T> pop() {
    if (waiting_.empty()) return std::nullopt;
    std::optional<T> first(std::move(waiting_.front().second));
    waiting_.pop_front();
    if (waiting_.empty()) timer_.cancel();
    return first;
  }

  [[nodiscard]] const T& front() const { return waiting_.front().second; }  // not empty
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  void arm(time_point at) {
    alarm_ = at;
    timer_.set(at, [this] { expire(std::chrono::steady_clock::now()); });
  }

  void expire(time_point now) {
    std::vector<T> late;
    std::deque<std::pair<time_point, T>> early;
    for (auto& one : waiting_) {
      if (one.first > now) early.push_back(std::move(one));
      else late.push_back(std::move(one.second));
    }
    waiting_ = std::move(early);
    const auto next = std::min_element(waiting_.begin(), waiting_.end(),
                                       [](const auto& a, const auto& b) { return a.first < b.first; });
    if (next != waiting_.end()) arm(next->first);
    const auto expired = expired_;  // a call may end this list
    for (auto& one : late) expired(std::move(one));
  }

  loop_timer timer_;
  std::function<void(T)> expired_;
  std::deque<std::pair<time_point, T>> waiting_;
  time_point alarm_{};
};

}  // namespace tidegate::smq::seaweedmq
