#pragma once

#include "actors/cli/bench/latency.hpp"
#include "actors/cli/bench/load.hpp"
#include "actors/cli/bench/resume_plan.hpp"
#include "messages/common/error_code.hpp"

#include <map>

namespace tidegate::cli::bench {

/// What waits to be sent, each from some moment on.
template <class T>
class waiting_list {
 public:
  void add(clock::time_point from, T what) { items_.emplace(from, std::move(what)); }
  [[nodiscard]] bool is_empty() const { return items_.empty(); }
  [[nodiscard]] clock::time_point due() const { return items_.empty() ? never : items_.begin()->first; }

  /// The one that waits longest of those whose moment has come.
  std::optional<T> take(clock::time_point now) {
    if (due() > now) return std::nullopt;
    std::optional<T> first(std::move(items_.begin()->second));
    items_.erase(items_.begin());
    return first;
  }

 private:
  std::multimap<clock::time_point, T> items_;
};

class group_lane;

/// A group that is on its way.
struct group_visit {
  std::string group;
  clock::time_point since;  // when its first request was due
  group_lane* home = nullptr;
  std::size_t leaders_left = 0;  // from which it does not have all records
};
using visit_ptr = std::shared_ptr<group_visit>;

/// Sends one request for each group to its coordinator, and again while the coordinator is not ready.
class group_lane : public lane {
 public:
  /// `at_once`: groups that are on their way at any time.
  group_lane(const resume_plan& plan, const broker_address& coordinator, std::vector<std::string> groups,
             std::size_t at_once)
    : lane(coordinator, plan.timeout, at_once), plan_(plan), groups_(std::move(groups)), at_once_(at_once) {}

  std::optional<outgoing> next(clock::time_point now) final;
  [[nodiscard]] clock::time_point due() const final;
  void take(byte_view body, clock::time_point since, clock::time_point now) final;
  [[nodiscard]] bool is_over() const final { return next_ == groups_.size() && again_.is_empty(); }

  /// A group is no longer on its way.
  void arrived() { --under_way_; }

 protected:
  [[nodiscard]] const resume_plan& plan() const { return plan_; }

  virtual byte_buffer request_of(const std::string& group) = 0;

  /// Takes an answer: none, or why the coordinator is not ready. Errors: kafka_failure.
  virtual error_code take_answer(byte_view body, const visit_ptr& visit, clock::time_point now) = 0;

 private:
  const resume_plan& plan_;
  std::vector<std::string> groups_;
  std::size_t at_once_;
  std::size_t next_ = 0, under_way_ = 0;
  std::deque<visit_ptr> asked_;
  waiting_list<visit_ptr> again_;
  byte_buffer frame_;  // of the newest request
};

/// What groups that leave count together.
struct left_groups {
  std::int64_t groups = 0;
  latency_histogram commits;
};

/// Commits the positions at which groups leave.
class leave_lane final : public group_lane {
 public:
  leave_lane(const resume_plan& plan, const broker_address& coordinator, std::vector<std::string> groups,
             std::size_t at_once, left_groups& sum)
    : group_lane(plan, coordinator, std::move(groups), at_once), sum_(sum) {}

 private:
  byte_buffer request_of(const std::string& group) override;
  error_code take_answer(byte_view body, const visit_ptr& visit, clock::time_point now) override;

  left_groups& sum_;
};

class first_record_lane;

/// What groups that come back count together.
struct returned_groups {
  std::int64_t groups = 0;
  std::size_t without_positions = 0;  // groups that were not told theirs yet
  latency_histogram positions, first_records, whole;

  /// By leader of some partitions: the connections to it.
  std::vector<std::vector<first_record_lane*>> leaders;
  std::size_t turn = 0;
};

/// Asks for positions, compares them, and sends the groups on to the leaders.
class position_lane final : public group_lane {
 public:
  position_lane(const resume_plan& plan, const broker_address& coordinator, std::vector<std::string> groups,
                std::size_t at_once, returned_groups& sum)
    : group_lane(plan, coordinator, std::move(groups), at_once), sum_(sum) {}

 private:
  byte_buffer request_of(const std::string& group) override;
  error_code take_answer(byte_view body, const visit_ptr& visit, clock::time_point now) override;

  returned_groups& sum_;
};

/// A difference: kafka_failure that says what was expected and found.
[[noreturn]] void fail_difference(const resume_plan& plan, const std::string& group, std::int32_t partition,
                                  const std::string& expected, const std::string& found);

}  // namespace tidegate::cli::bench
