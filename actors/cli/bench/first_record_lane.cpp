#include "actors/cli/bench/first_record_lane.hpp"

#include "actors/cli/bench/batches.hpp"
#include "actors/cli/bench/wire_call.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

constexpr std::int32_t max_wait_ms = 500;  // as Kafka's consumers

/// What Kafka's consumers ask again for.
bool may_come_later(error_code error) {
  using enum error_code;
  return is_not_ready(error) || error == kafka_storage_error || error == offset_not_available;
}

}  // namespace

std::optional<outgoing> first_record_lane::next(clock::time_point now) {
  auto wanted = waiting_.take(now);
  if (!wanted) return std::nullopt;
  frame_ = request_for(*wanted);
  asked_.push_back(std::move(*wanted));
  return outgoing{frame_, now};
}

byte_buffer first_record_lane::request_for(const wanted_records& wanted) const {
  kafka::fetch_request request;
  request.max_wait_ms = max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = fetch_.max_bytes;
  kafka::fetch_request::fetch_topic topic;
  topic.topic = plan_.topic;
  for (const auto partition : wanted.partitions) {
    kafka::fetch_request::fetch_partition one;
    one.partition = partition;
    one.fetch_offset = position_of(plan_, wanted.visit->group, partition);
    one.partition_max_bytes = fetch_.partition_max_bytes;
    topic.partitions.push_back(one);
  }
  request.topics.push_back(std::move(topic));
  return request_frame(request, fetch_version);
}

void first_record_lane::take(byte_view body, clock::time_point /*since*/, clock::time_point now) {
  const auto answer = decoded<kafka::fetch_response>(body, fetch_version, broker());
  if (answer.error_code != error_code::none)
    throw kafka_failure(words_of(broker()) + ": " + error_words(answer.error_code));
  auto wanted = std::move(asked_.front());
  asked_.pop_front();
  std::vector<std::int32_t> served;
  const kafka::fetch_response::partition_data* not_ready = nullptr;
  for (const auto& topic : answer.responses)
    for (const auto& one : topic.partitions) {
      if (topic.topic != plan_.topic || !std::ranges::binary_search(wanted.partitions, one.partition_index))
        fail_malformed(broker());
      if (may_come_later(one.error_code))
        not_ready = &one;
      else if (has_right_record(*wanted.visit, one))
        served.push_back(one.partition_index);
    }
  std::ranges::sort(served);
  if (std::ranges::adjacent_find(served) != served.end()) fail_malformed(broker());
  for (std::size_t i = 0; i < served.size(); ++i) sum_.first_records.record(now - wanted.since);
  std::vector<std::int32_t> left;
  std::ranges::set_difference(wanted.partitions, served, std::back_inserter(left));
  if (left.empty()) return finish(*wanted.visit, now);
  if (now - wanted.since > plan_.timeout) {
    const auto patience = std::to_string(plan_.timeout.count()) + " ms";
    if (not_ready)
      fail(*wanted.visit, not_ready->partition_index,
           error_words(not_ready->error_code) + ", for longer than " + patience);
    fail(*wanted.visit, left.front(), "none within " + patience);
  }
  wanted.partitions = std::move(left);
  waiting_.add(not_ready ? now + a_moment : now, std::move(wanted));
}

/// Whether there is a record. Errors: kafka_failure when it is another than the next one of the group.
bool first_record_lane::has_right_record(const group_visit& visit,
                                         const kafka::fetch_response::partition_data& got) const {
  const auto partition = got.partition_index;
  if (got.error_code != error_code::none) fail(visit, partition, error_words(got.error_code));
  if (!got.records || got.records->empty()) return false;
  const auto position = position_of(plan_, visit.group, partition);
  const auto record = first_record_from(got.records->front().view(), position);
  if (!record.problem.empty()) fail(visit, partition, record.problem);
  if (record.offset < 0) return false;
  const auto value = as_text(record.value);
  if (record.offset != position || value != value_of(plan_, partition, position))
    fail(visit, partition, words_of_value(value) + " at offset " + std::to_string(record.offset));
  return true;
}

void first_record_lane::finish(group_visit& visit, clock::time_point now) {
  if (--visit.leaders_left > 0) return;
  sum_.whole.record(now - visit.since);
  ++sum_.groups;
  visit.home->arrived();
}

void first_record_lane::fail(const group_visit& visit, std::int32_t partition, const std::string& found) const {
  const auto position = position_of(plan_, visit.group, partition);
  fail_difference(plan_, visit.group, partition,
                  "record " + words_of_value(value_of(plan_, partition, position)) + " at offset " +
                    std::to_string(position), found);
}

}  // namespace tidegate::cli::bench
