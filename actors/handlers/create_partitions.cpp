#include "messages/kafka/create_partitions.hpp"

#include "actors/handlers/assignments.hpp"
#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "actors/handlers/throttle.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "smq/topics/topic_info.hpp"

#include <map>

namespace tidegate::actors::handlers {

namespace {

using asked_topic = kafka::create_partitions_request::topic;
using added = kafka::create_partitions_response::result;

constexpr std::int16_t first_told_of_quota = 3;  // KIP-599

msg::topic_change refused(error_code error, std::string why) { return {error, std::move(why), {}}; }

/// Kafka's checks, in its order and words. What is there keeps its ring ranges, data and positions: partitions are only
/// added behind the last.
/// Source: Kafka's ReplicationControlManager.createPartitions.
msg::topic_change with_partitions(const asked_topic& asked, std::int32_t node_id, const smq::topic_info& now) {
  const auto has = std::to_string(now.partitions);
  const auto wants = std::to_string(asked.count);
  if (asked.count == now.partitions)
    return refused(error_code::invalid_partitions, "Topic already has " + has + " partition(s).");
  if (asked.count < now.partitions)
    return refused(error_code::invalid_partitions, "The topic " + now.name + " currently has " + has +
                                                     " partition(s); " + wants + " would not be an increase.");
  if (asked.count > smq::most_partitions)
    return refused(error_code::invalid_partitions, "Number of partitions must be between 1 and 10000.");
  const auto more = static_cast<std::size_t>(asked.count - now.partitions);
  if (asked.assignments) {
    if (asked.assignments->size() != more)
      return refused(error_code::invalid_replica_assignment,
                     "Attempted to add " + std::to_string(more) + " additional partition(s), but only " +
                       std::to_string(asked.assignments->size()) + " assignment(s) were specified.");
    for (const auto& one : *asked.assignments)
      if (auto problem = check_assignment(one.broker_ids, node_id); !problem.empty())
        return refused(error_code::invalid_replica_assignment, std::move(problem));
  }
  msg::topic_change grown{error_code::none, {}, now};
  grown.after.partitions = asked.count;
  return grown;
}

added result_of(const std::string& topic, const msg::change_result& result) {
  added out;
  out.name = topic;
  out.error_code = result.error;
  if (!result.message.empty()) out.error_message = result.message;
  return out;
}

}  // namespace

/// CreatePartitions (API key 37); one answer per name.
void create_partitions(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::create_partitions_request>();
  if (!asked) return;
  std::map<std::string, std::vector<asked_topic>> by_name;
  for (const auto& topic : asked->topics) by_name[topic.name].push_back(topic);
  const throttle wait;
  auto all = fan_in<added>::make(by_name.size(), [r, wait](std::vector<added> results) {
    kafka::create_partitions_response response;
    response.throttle_time_ms = wait.ms();
    response.results = std::move(results);
    r->answer(response);
  });
  std::size_t next = 0;
  for (const auto& [name, mentions] : by_name) {
    const auto& topic = mentions.front();
    auto done = all->slot(next++, result_of(name, {}));
    if (mentions.size() > 1) {
      done(result_of(name, {error_code::invalid_request, "Duplicate topic name."}));
      continue;
    }
    auto decide = [topic, id = node.node_id](const smq::topic_info& now) { return with_partitions(topic, id, now); };
    auto answer = [name = topic.name, wait, done](const msg::change_result& result) {
      wait.at_least(result.throttle_ms);
      done(result_of(name, result));
    };
    node.topics.send(msg::change_topic{topic.name, decide, asked->validate_only,
                                       reply<msg::change_result>{{}, answer},
                                       {r->client_host(), r->header.api_version >= first_told_of_quota}});
  }
}

}  // namespace tidegate::actors::handlers
