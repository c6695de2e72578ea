#include "actors/cli/bench/fetch_lane.hpp"

#include "actors/cli/bench/batches.hpp"
#include "actors/cli/bench/wire_call.hpp"
#include "messages/kafka/fetch.hpp"

#include <algorithm>
#include <limits>

namespace tidegate::cli::bench {

fetch_lane::fetch_lane(const fetch_load& wanted, const led_partitions& where, std::size_t in_flight, fetched& sum)
  : lane(where.leader, wanted.timeout, in_flight), wanted_(wanted), sum_(sum) {
  ready_.resize(std::min(in_flight, where.partitions.size()));
  for (std::size_t i = 0; i < where.partitions.size(); ++i)
    if (!is_done(where.partitions[i])) ready_[i % ready_.size()].push_back(where.partitions[i]);
  std::erase_if(ready_, [](const partition_set& one) { return one.empty(); });
}

bool fetch_lane::is_over() const { return ready_.empty() || (sum_.is_enough && sum_.is_enough()); }

bool fetch_lane::is_done(std::int32_t partition) const {
  const auto& at = sum_.positions.at(partition);
  return !sum_.is_enough && at.next >= at.end;
}

std::optional<outgoing> fetch_lane::next(clock::time_point now) {
  if (is_over()) return std::nullopt;
  frame_ = request_for(ready_.front());
  asked_for_.push_back(std::move(ready_.front()));
  ready_.pop_front();
  return outgoing{frame_, now};
}

byte_buffer fetch_lane::request_for(const partition_set& partitions) const {
  kafka::fetch_request request;
  request.max_wait_ms = wanted_.max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = wanted_.max_bytes;
  kafka::fetch_request::fetch_topic topic;
  topic.topic = wanted_.topic;
  for (const auto partition : partitions) {
    kafka::fetch_request::fetch_partition one;
    one.partition = partition;
    one.fetch_offset = sum_.positions.at(partition).next;
    one.partition_max_bytes = wanted_.partition_max_bytes;
    topic.partitions.push_back(one);
  }
  request.topics.push_back(std::move(topic));
  return request_frame(request, fetch_version);
}

void fetch_lane::take(byte_view body, clock::time_point since, clock::time_point now) {
  const auto answer = decoded<kafka::fetch_response>(body, fetch_version, broker());
  if (answer.error_code != error_code::none)
    throw kafka_failure(words_of(broker()) + ": " + error_words(answer.error_code));
  sum_.fetches.record(now - since);
  auto partitions = std::move(asked_for_.front());
  asked_for_.pop_front();
  std::vector<std::int32_t> served;
  for (const auto& topic : answer.responses)
    for (const auto& one : topic.partitions) {
      if (std::ranges::find(partitions, one.partition_index) == partitions.end()) fail_malformed(broker());
      if (one.error_code != error_code::none)
        fail(one.partition_index, error_words(one.error_code) + " at offset " +
                                    std::to_string(sum_.positions.at(one.partition_index).next));
      if (one.records && !one.records->empty() && take(one.partition_index, one.records->front().view(), now))
        served.push_back(one.partition_index);
    }
  for (const auto partition : partitions) {
    const auto& at = sum_.positions.at(partition);
    if (at.next < at.end && now - at.since > wanted_.timeout)
      fail(partition, "missing: offset " + std::to_string(at.next) + " was not sent within " +
                        std::to_string(wanted_.timeout.count()) + " ms, and the log ends at " + std::to_string(at.end));
  }
  // Those that got nothing come first in the next request: an answer is filled in the request's order.
  std::erase_if(partitions, [this](std::int32_t one) { return is_done(one); });
  std::ranges::stable_partition(
    partitions, [&](std::int32_t one) { return std::ranges::find(served, one) == served.end(); });
  if (!partitions.empty()) ready_.push_back(std::move(partitions));
}

/// Whether anything came.
bool fetch_lane::take(std::int32_t partition, byte_view records, clock::time_point now) {
  auto& at = sum_.positions.at(partition);
  const auto end = sum_.is_enough ? std::numeric_limits<std::int64_t>::max() : at.end;
  const auto found = read_batches(records, at.next, end, wanted_.checks_crcs);
  sum_.records += found.records;
  sum_.bytes += found.bytes;
  if (!found.problem.empty()) fail(partition, found.problem);
  if (found.next_offset == at.next) return false;
  at.next = found.next_offset;
  at.since = now;
  if (sum_.on_received) sum_.on_received(partition, at.next, now);
  return true;
}

void fetch_lane::fail(std::int32_t partition, const std::string& why) const {
  throw kafka_failure(wanted_.topic + "-" + std::to_string(partition) + ": " + why);
}

}  // namespace tidegate::cli::bench
