#include "messages/kafka/metadata.hpp"

#include "actors/handlers/authorized.hpp"
#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "smq/names.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tidegate::actors::handlers {

namespace {

using kafka::metadata_request;
using kafka::metadata_response;

/// Which optional parts of the answer the client wants.
struct wanted_parts {
  bool cluster_operations = false;
  bool topic_operations = false;
};

metadata_response::topic describe(const services& node, const msg::topic_result& found, const wanted_parts& parts) {
  metadata_response::topic out;
  out.error_code = found.error;
  if (!found.topic) return out;
  out.name = found.topic->name;
  out.topic_id = found.topic->id;
  if (parts.topic_operations) out.topic_authorized_operations = all_topic_operations;
  for (std::int32_t i = 0; i < found.topic->partitions; ++i) {
    auto& p = out.partitions.emplace_back();
    p.partition_index = i;
    p.leader_id = node.node_id;
    p.leader_epoch = node.store->leader_epoch_of(found.topic->id, i);
    p.replica_nodes = {node.node_id};
    p.isr_nodes = {node.node_id};
  }
  return out;
}

/// Every topic once, as in Kafka: a short request could ask for a large topic a thousand times.
void drop_repeated(std::vector<metadata_request::topic>& topics) {
  std::set<std::pair<std::optional<std::string>, uuid>> seen;
  std::erase_if(topics, [&](const auto& topic) { return !seen.emplace(topic.name, topic.topic_id).second; });
}

void answer(const services& node, const request_ptr& r, const wanted_parts& parts,
            std::vector<metadata_response::topic> topics, std::int32_t throttle_ms = 0) {
  metadata_response response;
  response.throttle_time_ms = throttle_ms;
  if (parts.cluster_operations) response.cluster_authorized_operations = all_cluster_operations;
  response.brokers.push_back({node.node_id, node.host, node.port, std::nullopt});
  response.cluster_id = node.cluster_id;
  response.controller_id = node.node_id;
  response.topics = std::move(topics);
  r->answer(response);
}

void answer_all(const services& node, const request_ptr& r, const wanted_parts& parts) {
  auto done = [&node, r, parts](error_code error) {
    if (error != error_code::none) return r->close("the list of topics cannot be read now");
    std::vector<metadata_response::topic> topics;
    const auto known = node.store->topics.current();
    for (const auto& [name, topic] : known->by_name) topics.push_back(describe(node, {error_code::none, topic}, parts));
    for (const auto& name : known->unreadable) {  // not absent: the client is to ask again
      topics.push_back(describe(node, {error_code::leader_not_available, nullptr}, parts));
      topics.back().name = name;
    }
    answer(node, r, parts, std::move(topics));
  };
  node.topics.send(msg::load_all_topics{reply<error_code>{error_code::leader_not_available, done}});
}

/// What clients repeat, or not, when a topic could not be created for them. Any code that librdkafka does not expect here
/// fails all that a producer has queued for the topic.
error_code shown_error(error_code error) {
  // A name that collides with another topic's, too: invalid_topic_exception would come out of poll() of a Java consumer
  // that has other topics.
  if (error == error_code::policy_violation || error == error_code::invalid_topic_exception)
    return error_code::unknown_topic_or_partition;
  // Being deleted, in doubt or refused by the store: for now.
  const bool is_passing = error == error_code::topic_already_exists || error == error_code::request_timed_out ||
                          error == error_code::throttling_quota_exceeded;
  return is_passing ? error_code::leader_not_available : error;
}

}  // namespace

/// Metadata (API key 3). Creates missing topics when client and node allow it; with the same node id and address as
/// FindCoordinator answers.
void metadata(const services& node, const request_ptr& r) {
  auto decoded = r->decode<metadata_request>();
  if (!decoded) return;
  const bool all = !decoded->topics || (r->header.api_version == 0 && decoded->topics->empty());
  const wanted_parts parts{decoded->include_cluster_authorized_operations,
                           decoded->include_topic_authorized_operations};
  if (all) return answer_all(node, r, parts);
  drop_repeated(*decoded->topics);
  std::vector<topic_reference> wanted;
  std::vector<std::size_t> place;  // in the answer, of each wanted topic
  std::vector<metadata_response::topic> out(decoded->topics->size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto& topic = (*decoded->topics)[i];
    // The Java client leaves the name empty, not null, when it asks by id; Kafka takes the id whenever there is one.
    const bool by_id = !topic.name || topic.topic_id != uuid{};
    out[i].name = by_id && r->header.api_version >= 12 ? std::nullopt : topic.name;
    out[i].topic_id = topic.topic_id;
    out[i].error_code = !by_id && !smq::is_legal_topic_name(*topic.name) ? error_code::invalid_topic_exception
                                                                         : error_code::none;
    if (out[i].error_code != error_code::none) continue;
    wanted.push_back({topic.name.value_or(""), topic.topic_id, by_id});
    place.push_back(i);
  }
  const bool create = decoded->allow_auto_topic_creation && node.settings.auto_create_topics;
  find_topics(node, r, std::move(wanted), create,
              [&node, r, parts, out = std::move(out), place](std::vector<msg::topic_result> found) mutable {
                std::int32_t throttle_ms = 0;
                for (std::size_t i = 0; i < found.size(); ++i) {
                  auto& target = out[place[i]];
                  throttle_ms = std::max(throttle_ms, found[i].throttle_ms);
                  if (found[i].topic)
                    target = describe(node, {error_code::none, found[i].topic}, parts);
                  else
                    target.error_code = shown_error(found[i].error);
                }
                answer(node, r, parts, std::move(out), throttle_ms);
              });
}

}  // namespace tidegate::actors::handlers
