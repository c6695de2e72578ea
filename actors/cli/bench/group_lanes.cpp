#include "actors/cli/bench/group_lanes.hpp"

#include "actors/cli/bench/first_record_lane.hpp"
#include "actors/cli/bench/wire_call.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_fetch.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

std::string name_of(const resume_plan& plan, const std::string& group, std::int32_t partition) {
  return "group " + group + ": " + plan.topic + "-" + std::to_string(partition);
}

/// Whether an answer is about all of the plan's partitions, once each, and nothing else.
bool is_whole(const auto& topics, const resume_plan& plan) {
  if (topics.size() != 1 || topics.front().name != plan.topic) return false;
  std::vector<bool> seen(static_cast<std::size_t>(plan.partitions));
  for (const auto& one : topics.front().partitions) {
    const auto index = static_cast<std::size_t>(one.partition_index);
    if (index >= seen.size() || seen[index]) return false;
    seen[index] = true;
  }
  return std::ranges::all_of(seen, std::identity());
}

/// Passes on that there is no error, or one that goes away by itself. Errors: kafka_failure for all others.
error_code endured(error_code error, const std::string& who) {
  if (error == error_code::none || is_not_ready(error)) return error;
  throw kafka_failure(who + ": " + error_words(error));
}

}  // namespace

std::optional<outgoing> group_lane::next(clock::time_point now) {
  auto again = again_.take(now);
  visit_ptr one;
  if (again) {
    one = std::move(*again);
  } else {
    if (due() > now) return std::nullopt;
    one = std::make_shared<group_visit>(group_visit{groups_[next_++], now, this, 0});
    ++under_way_;
  }
  frame_ = request_of(one->group);
  asked_.push_back(std::move(one));
  return outgoing{frame_, now};
}

/// While the coordinator is not ready for one, no others are sent to it.
clock::time_point group_lane::due() const {
  if (!again_.is_empty()) return again_.due();
  return next_ == groups_.size() || under_way_ == at_once_ ? never : clock::time_point::min();
}

void group_lane::take(byte_view body, clock::time_point /*since*/, clock::time_point now) {
  auto one = std::move(asked_.front());
  asked_.pop_front();
  const auto error = take_answer(body, one, now);
  if (error == error_code::none) return;
  if (now - one->since > plan_.timeout)
    throw kafka_failure("group " + one->group + ": " + error_words(error) + ", for longer than " +
                        std::to_string(plan_.timeout.count()) + " ms");
  again_.add(now + a_moment, std::move(one));
}

void fail_difference(const resume_plan& plan, const std::string& group, std::int32_t partition,
                     const std::string& expected, const std::string& found) {
  throw kafka_failure(name_of(plan, group, partition) + ": expected " + expected + ", found " + found);
}

byte_buffer leave_lane::request_of(const std::string& group) {
  kafka::offset_commit_request request;
  request.group_id = group;
  kafka::offset_commit_request::topic topic;
  topic.name = plan().topic;
  topic.partitions.resize(static_cast<std::size_t>(plan().partitions));
  for (std::int32_t p = 0; p < plan().partitions; ++p) {
    auto& one = topic.partitions[static_cast<std::size_t>(p)];
    one.partition_index = p;
    one.committed_offset = position_of(plan(), group, p);
  }
  request.topics.push_back(std::move(topic));
  return request_frame(request, offset_commit_version);
}

error_code leave_lane::take_answer(byte_view body, const visit_ptr& visit, clock::time_point now) {
  const auto answer = decoded<kafka::offset_commit_response>(body, offset_commit_version, broker());
  if (!is_whole(answer.topics, plan())) fail_malformed(broker());
  for (const auto& one : answer.topics.front().partitions)
    if (const auto error = endured(one.error_code, name_of(plan(), visit->group, one.partition_index));
        error != error_code::none)
      return error;
  sum_.commits.record(now - visit->since);
  ++sum_.groups;
  arrived();
  return error_code::none;
}

byte_buffer position_lane::request_of(const std::string& group) {
  kafka::offset_fetch_request request;
  request.group_id = group;
  kafka::offset_fetch_request::topic topic{plan().topic, {}};
  for (std::int32_t p = 0; p < plan().partitions; ++p) topic.partition_indexes.push_back(p);
  request.topics->push_back(std::move(topic));
  return request_frame(request, offset_fetch_version);
}

error_code position_lane::take_answer(byte_view body, const visit_ptr& visit, clock::time_point now) {
  const auto answer = decoded<kafka::offset_fetch_response>(body, offset_fetch_version, broker());
  if (const auto error = endured(answer.error_code, "group " + visit->group); error != error_code::none) return error;
  if (!is_whole(answer.topics, plan())) fail_malformed(broker());
  for (const auto& one : answer.topics.front().partitions) {
    const auto partition = one.partition_index;
    if (const auto error = endured(one.error_code, name_of(plan(), visit->group, partition)); error != error_code::none)
      return error;
    const auto left_at = position_of(plan(), visit->group, partition);
    if (one.committed_offset == left_at) continue;
    const auto found = one.committed_offset < 0 ? "none" : "position " + std::to_string(one.committed_offset);
    fail_difference(plan(), visit->group, partition, "position " + std::to_string(left_at), found);
  }
  sum_.positions.record(now - visit->since);
  --sum_.without_positions;
  visit->leaders_left = sum_.leaders.size();
  ++sum_.turn;
  for (const auto& connections : sum_.leaders) connections[sum_.turn % connections.size()]->add(visit, now);
  return error_code::none;
}

}  // namespace tidegate::cli::bench
