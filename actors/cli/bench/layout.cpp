#include "actors/cli/bench/layout.hpp"

#include "actors/cli/admin/cluster_topics.hpp"
#include "actors/cli/bench/wire_call.hpp"
#include "messages/kafka/find_coordinator.hpp"
#include "messages/kafka/offset_fetch.hpp"

namespace tidegate::cli::bench {

namespace {

using metadata_owner = c_owner<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using topic_owner = c_owner<rd_kafka_topic_t, rd_kafka_topic_destroy>;

constexpr auto no_topic = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
constexpr auto no_leader = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;

std::chrono::milliseconds timeout_of(const cluster& at) { return std::chrono::milliseconds(at.timeout_ms()); }

/// `only`: null for brokers and no topics.
metadata_owner ask(cluster& at, rd_kafka_topic_t* only) {
  const rd_kafka_metadata_t* answer = nullptr;
  const auto code = rd_kafka_metadata(at.handle(), 0, only, &answer, at.timeout_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_failure(at.explained(code));
  return metadata_owner(answer);
}

std::map<std::int32_t, broker_address> brokers_in(const rd_kafka_metadata_t& answer) {
  std::map<std::int32_t, broker_address> found;
  for (int i = 0; i < answer.broker_cnt; ++i)
    found[answer.brokers[i].id] = {answer.brokers[i].host, static_cast<std::uint16_t>(answer.brokers[i].port)};
  return found;
}

/// What one look found: the leaders, or why not.
struct layout {
  std::map<broker_address, std::vector<std::int32_t>> leaders;
  std::int32_t partitions = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

layout look(cluster& at, const std::string& topic) {
  const topic_owner asked_for(rd_kafka_topic_new(at.handle(), topic.c_str(), nullptr));
  if (!asked_for) throw kafka_failure(topic + ": " + error_name(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION));
  const auto answer = ask(at, asked_for.get());
  if (answer->topic_cnt != 1) return {{}, 0, no_topic};
  const auto& one = answer->topics[0];
  if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return {{}, 0, one.err};
  const auto brokers = brokers_in(*answer);
  std::map<std::int32_t, broker_address> leaders;  // by partition, for their order
  layout found{{}, one.partition_cnt, RD_KAFKA_RESP_ERR_NO_ERROR};
  for (int i = 0; i < one.partition_cnt; ++i) {
    const auto leader = brokers.find(one.partitions[i].leader);
    if (leader == brokers.end())
      found.error = no_leader;
    else
      leaders[one.partitions[i].id] = leader->second;
  }
  for (const auto& [partition, leader] : leaders) found.leaders[leader].push_back(partition);
  return found;
}

std::vector<led_partitions> list_of(const layout& found, std::int32_t below) {
  std::vector<led_partitions> all;
  for (const auto& [leader, partitions] : found.leaders) {
    led_partitions one{leader, partitions};
    std::erase_if(one.partitions, [below](std::int32_t p) { return p >= below; });
    if (!one.partitions.empty()) all.push_back(std::move(one));
  }
  return all;
}

/// The first partitions, which must be there and have leaders; 0: all.
std::vector<led_partitions> first_of(const layout& found, const std::string& topic, std::int32_t partitions) {
  if (found.error != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_failure(topic + ": " + error_name(found.error));
  if (found.partitions < partitions)
    throw kafka_failure(topic + ": has " + std::to_string(found.partitions) + " partitions, not " +
                        std::to_string(partitions));
  return list_of(found, partitions > 0 ? partitions : found.partitions);
}

/// Of a topic that was just made: its leaders hear of it a little later.
layout look_at_new(cluster& at, const std::string& topic) {
  layout found;
  until_ready(timeout_of(at), [&] {
    found = look(at, topic);
    if (found.error != RD_KAFKA_RESP_ERR_NO_ERROR) return static_cast<error_code>(found.error);
    try {
      ranges_of(at, topic, list_of(found, found.partitions));
    } catch (const kafka_failure&) {
      return error_code::not_leader_or_follower;  // or whatever a leader says until it is ready
    }
    return error_code::none;
  });
  return found;
}

/// Waits until the groups of a cluster that never had any can be used.
void wait_until_loaded(cluster& at, const broker_address& coordinator, const std::vector<std::string>& groups) {
  wire_connection with(coordinator, timeout_of(at));
  for (const auto& group : groups) {
    kafka::offset_fetch_request request;
    request.group_id = group;
    request.topics = std::nullopt;
    const auto error = until_ready(timeout_of(at), [&] {
      return call<kafka::offset_fetch_response>(with, request, offset_fetch_version, timeout_of(at)).error_code;
    });
    if (error != error_code::none) throw kafka_failure("group " + group + ": " + error_words(error));
  }
}

}  // namespace

std::vector<led_partitions> leaders_of(cluster& at, const std::string& topic, std::int32_t partitions) {
  return first_of(look(at, topic), topic, partitions);
}

std::vector<led_partitions> leaders_of_new(cluster& at, const std::string& topic, std::int32_t partitions,
                                           const topic_settings& settings) {
  auto found = look(at, topic);
  if (found.error == no_topic) {
    create_topic(at, {topic, partitions > 0 ? partitions : -1, -1, settings});
    found = look_at_new(at, topic);
  }
  return first_of(found, topic, partitions);
}

std::size_t partitions_in(const std::vector<led_partitions>& all) {
  std::size_t sum = 0;
  for (const auto& one : all) sum += one.partitions.size();
  return sum;
}

std::map<std::int32_t, log_range> ranges_of(cluster& at, const std::string& topic,
                                            const std::vector<led_partitions>& all) {
  topic_metadata about{topic, "", {}};
  for (const auto& one : all)
    for (const auto partition : one.partitions) about.partitions.push_back({partition, 0, {}, {}});
  std::map<std::int32_t, log_range> ranges;
  for (const auto& [where, range] : log_ranges_of(at, {about})) {
    if (!range.error.empty()) throw kafka_failure(topic + "-" + std::to_string(where.partition) + ": " + range.error);
    ranges[where.partition] = range;
  }
  return ranges;
}

broker_address a_broker_of(cluster& at) {
  const auto brokers = brokers_in(*ask(at, nullptr));
  if (brokers.empty()) throw kafka_failure("BROKER_NOT_AVAILABLE: the cluster names no broker");
  return brokers.begin()->second;
}

std::map<broker_address, std::vector<std::string>> coordinators_of(cluster& at, const std::vector<std::string>& groups) {
  wire_connection with(a_broker_of(at), timeout_of(at));
  std::map<broker_address, std::vector<std::string>> found;
  bool is_new = false;
  for (const auto& group : groups) {
    kafka::find_coordinator_request request;
    request.key = group;
    kafka::find_coordinator_response answer;
    const auto error = until_ready(timeout_of(at), [&] {
      answer = call<kafka::find_coordinator_response>(with, request, find_coordinator_version, timeout_of(at));
      is_new |= answer.error_code != error_code::none;
      return answer.error_code;
    });
    if (error != error_code::none) throw kafka_failure("group " + group + ": " + error_words(error));
    found[{answer.host, static_cast<std::uint16_t>(answer.port)}].push_back(group);
  }
  if (is_new)
    for (const auto& [coordinator, its_groups] : found) wait_until_loaded(at, coordinator, its_groups);
  return found;
}

}  // namespace tidegate::cli::bench
