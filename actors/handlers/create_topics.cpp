#include "messages/kafka/create_topics.hpp"

#include "actors/core/similar_names.hpp"
#include "actors/handlers/assignments.hpp"
#include "actors/handlers/lookup.hpp"
#include "actors/handlers/shown.hpp"
#include "actors/handlers/table.hpp"
#include "actors/handlers/throttle.hpp"
#include "actors/handlers/topic_configs.hpp"
#include "actors/handlers/topic_names.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "smq/topics/topic_info.hpp"

#include <map>
#include <set>
#include <string_view>

namespace tidegate::actors::handlers {

namespace {

using created = kafka::create_topics_response::topic;
using wanted_topic = kafka::create_topics_request::topic;

constexpr std::int16_t first_told_of_quota = 6;  // KIP-599

std::int32_t partitions_of(const services& node, const wanted_topic& topic) {
  if (!topic.assignments.empty()) return static_cast<std::int32_t>(topic.assignments.size());
  return topic.num_partitions == -1 ? node.settings.num_partitions.get() : topic.num_partitions;
}

created refused(const std::string& name, error_code error, std::string why) {
  created out;
  out.name = name;
  out.error_code = error;
  out.error_message = std::move(why);
  out.configs.reset();
  return out;
}

std::string already_exists(const std::string& name) { return "Topic '" + name + "' already exists."; }

/// Fills in the configs of a topic that is to be created; the answer says what is wrong with them.
std::optional<std::string> take_configs(const wanted_topic& topic, config_values& configs) {
  std::vector<config_edit> edits;
  for (const auto& config : topic.configs) {
    if (!config.value) return "Null value not supported for topic configs: " + shown(config.name);
    edits.push_back({config.name, config_edit::set, config.value});
  }
  return edit_topic_configs(configs, edits);
}

/// What is wrong with the numbers of partitions and replicas, where the node chooses the brokers.
/// Source, as of the next two: Kafka's ReplicationControlManager.createTopic.
std::optional<created> check_numbers(const wanted_topic& topic, std::int32_t partitions) {
  if (topic.replication_factor < -1 || topic.replication_factor == 0)
    return refused(topic.name, error_code::invalid_replication_factor,
                   "Replication factor must be larger than 0, or -1 to use the default value.");
  if (partitions < 1)
    return refused(topic.name, error_code::invalid_partitions,
                   "Number of partitions was set to an invalid non-positive value.");
  if (topic.replication_factor > 1)
    return refused(topic.name, error_code::invalid_replication_factor,
                   "This node is the only broker; the store keeps the copies. Set a replication factor of 1 or -1.");
  return std::nullopt;
}

/// A manual assignment names every partition from 0 on once, and this node as its only replica.
std::optional<created> check_assignments(const wanted_topic& topic, std::int32_t node_id) {
  const auto wrong = [&](std::string why) {
    return refused(topic.name, error_code::invalid_replica_assignment, std::move(why));
  };
  const std::string given = "A manual partition assignment was specified, but ";
  if (topic.replication_factor != -1)
    return refused(topic.name, error_code::invalid_request, given + "replication factor was not set to -1.");
  if (topic.num_partitions != -1)
    return refused(topic.name, error_code::invalid_request, given + "numPartitions was not set to -1.");
  std::set<std::int32_t> partitions;
  for (const auto& a : topic.assignments) {
    if (!partitions.insert(a.partition_index).second)
      return wrong("Found multiple manual partition assignments for partition " + std::to_string(a.partition_index));
    if (auto problem = check_assignment(a.broker_ids, node_id); !problem.empty()) return wrong(std::move(problem));
  }
  if (*partitions.begin() != 0 || static_cast<std::size_t>(*partitions.rbegin()) != partitions.size() - 1)
    return wrong("partitions should be a consecutive 0-based integer sequence");
  return std::nullopt;
}

/// Kafka's checks of a topic that is not there, in its order; an accepted topic has error none, and its configs are in
/// `configs`.
created check(const services& node, const wanted_topic& topic, config_values& configs) {
  if (auto problem = take_configs(topic, configs)) return refused(topic.name, error_code::invalid_config, *problem);
  const auto partitions = partitions_of(node, topic);
  auto wrong = topic.assignments.empty() ? check_numbers(topic, partitions) : check_assignments(topic, node.node_id);
  if (wrong) return std::move(*wrong);
  if (partitions > smq::most_partitions)
    return refused(topic.name, error_code::invalid_partitions, "A topic has 10000 partitions at most.");
  created out;
  out.name = topic.name;
  out.num_partitions = partitions;
  out.replication_factor = 1;
  out.error_message.reset();
  smq::topic_info info;
  info.configs = configs;
  for (const auto& c : topic_configs(info, node.settings))
    out.configs->push_back({std::string(c.name), c.value(), c.read_only, c.source(), false});
  return out;
}

std::string collides(const std::string& name, const std::string& similar) {
  return "Topic '" + name + "' collides with topic '" + similar + "': '.' and '_' are one in names of metrics.";
}

std::string why_not_created(const std::string& name, const msg::topic_result& result) {
  switch (result.error) {
    case error_code::topic_already_exists: return already_exists(name);
    case error_code::invalid_topic_exception: return collides(name, result.similar);
    case error_code::policy_violation: return "The node would have more partitions than limits.partitions.";
    case error_code::throttling_quota_exceeded: return "The throttling quota has been exceeded.";
    default: return "The topic may exist or not; ask for it.";
  }
}

/// What creating the topic would answer: `checked`, whose error comes behind those of its name, or that it is there.
void validate_one(const services& node, const request_ptr& r, const std::string& name, const created& checked,
                  const reply<created>& done) {
  const bool is_refused = checked.error_code != error_code::none;
  const auto unknown =
    is_refused ? checked : refused(name, error_code::request_timed_out, "Storage cannot say now.");
  auto judged = [name, checked, unknown, done](const msg::topic_result& result) {
    if (result.error == error_code::none) return done(checked);
    if (result.error == error_code::leader_not_available) return done(unknown);
    done(refused(name, result.error, why_not_created(name, result)));
  };
  find_topics(node, r, {{name, {}, false}}, false,
              [&node, name, unknown, judged, done](std::vector<msg::topic_result> found) {
                const auto error = found.front().error;
                if (error == error_code::none) return judged({error_code::topic_already_exists, found.front().topic});
                if (error != error_code::unknown_topic_or_partition) return done(unknown);
                msg::create_topic m;
                m.name = name;
                m.answer = reply<msg::topic_result>{{}, judged};
                m.validate_only = true;
                node.topics.send(std::move(m));
              });
}

void create_one(const services& node, const request_ptr& r, const std::string& name, created accepted,
                config_values configs, const throttle& wait, const reply<created>& done) {
  auto answer = [name, accepted, wait, done](const msg::topic_result& result) {
    wait.at_least(result.throttle_ms);
    if (result.error != error_code::none) return done(refused(name, result.error, why_not_created(name, result)));
    auto out = accepted;
    out.topic_id = result.topic->id;
    done(std::move(out));
  };
  node.topics.send(msg::create_topic{name, accepted.num_partitions, std::move(configs),
                                     reply<msg::topic_result>{{error_code::request_timed_out, nullptr}, answer},
                                     {r->client_host(), r->header.api_version >= first_told_of_quota}});
}

}  // namespace

/// CreateTopics (API key 19). Errors per topic, in Kafka's order: invalid_topic_exception, topic_already_exists, those
/// of check(), then policy_violation (limits.partitions), throttling_quota_exceeded, request_timed_out (created or not:
/// ask for it).
void create_topics(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::create_topics_request>();
  if (!asked) return;
  std::map<std::string_view, std::size_t> mentions;
  for (const auto& topic : asked->topics) ++mentions[topic.name];
  core::similar_names validated;  // the registry sees no two of them together: none is made
  const throttle wait;
  auto all = fan_in<created>::make(asked->topics.size(), [r, wait](std::vector<created> topics) {
    kafka::create_topics_response response;
    response.throttle_time_ms = wait.ms();
    response.topics = std::move(topics);
    r->answer(response);
  });
  for (std::size_t i = 0; i < asked->topics.size(); ++i) {
    const auto& topic = asked->topics[i];
    auto done = all->slot(i, refused(topic.name, error_code::request_timed_out, "The topic may exist or not."));
    if (mentions[topic.name] > 1) {
      done(refused(topic.name, error_code::invalid_request, "Duplicate topic name."));
      continue;
    }
    if (const auto problem = name_problem(topic.name); !problem.empty()) {
      done(refused(topic.name, error_code::invalid_topic_exception, problem));
      continue;
    }
    config_values configs;
    auto checked = check(node, topic, configs);
    if (checked.error_code != error_code::none) {
      validate_one(node, r, topic.name, checked, done);
    } else if (!asked->validate_only) {
      create_one(node, r, topic.name, std::move(checked), std::move(configs), wait, done);
    } else if (const auto similar = validated.other_than(topic.name)) {
      done(refused(topic.name, error_code::invalid_topic_exception, collides(topic.name, *similar)));
    } else {
      validated.add(topic.name);
      validate_one(node, r, topic.name, checked, done);
    }
  }
}

}  // namespace tidegate::actors::handlers
