// CreateTopics, DeleteTopics, DescribeConfigs.
#include "actors/core/similar_names.hpp"
#include "actors/handlers/lookup.hpp"
#include "actors/handlers/shown.hpp"
#include "actors/handlers/table.hpp"
#include "actors/handlers/throttle.hpp"
#include "actors/handlers/topic_configs.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "messages/kafka/config_resource.hpp"
#include "messages/kafka/create_topics.hpp"
#include "messages/kafka/delete_topics.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "smq/names.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace tidegate::actors::handlers {

namespace {

using created = kafka::create_topics_response::topic;
using wanted_topic = kafka::create_topics_request::topic;

constexpr std::int16_t first_told_of_quota = 6;  // KIP-599

std::int32_t partitions_of(const services& node, const wanted_topic& topic) {
  if (!topic.assignments.empty()) return static_cast<std::int32_t>(topic.assignments.size());
  return topic.num_partitions == -1 ? node.settings.num_partitions.get() : topic.num_partitions;
}

created refused(const wanted_topic& topic, error_code error, std::string why) {
  created out;
  out.name = topic.name;
  out.error_code = error;
  out.error_message = std::move(why);
  out.configs.reset();
  return out;
}

std::string already_exists(const wanted_topic& topic) { return "Topic '" + topic.name + "' already exists."; }

/// Fills in the configs of a topic that is to be created; the answer says what is wrong with them.
std::optional<std::string> take_configs(const wanted_topic& topic, config_values& configs) {
  std::vector<config_edit> edits;
  for (const auto& config : topic.configs) {
    if (!config.value) return "Null value not supported for topic configs: " + shown(config.name);
    edits.push_back({config.name, config_edit::set, config.value});
  }
  return edit_topic_configs(configs, edits);
}

/// A manual assignment names every partition from 0 on once, and this node as its only replica.
bool is_possible(const std::vector<kafka::create_topics_request::replica_assignment>& assignments,
                 std::int32_t node_id) {
  std::set<std::int32_t> partitions;
  for (const auto& a : assignments)
    if (a.broker_ids != std::vector{node_id} || !partitions.insert(a.partition_index).second) return false;
  return *partitions.begin() == 0 && static_cast<std::size_t>(*partitions.rbegin()) == assignments.size() - 1;
}

/// Kafka's own checks, in its order; an accepted topic has error none, and its configs are in `configs`.
created check(const services& node, const wanted_topic& topic, config_values& configs) {
  if (!smq::is_legal_topic_name(topic.name))
    return refused(topic, error_code::invalid_topic_exception, "Topic name is invalid: " + shown(topic.name));
  const auto partitions = partitions_of(node, topic);
  if (partitions < 1 || partitions > smq::most_partitions)
    return refused(topic, error_code::invalid_partitions, "Number of partitions must be between 1 and 10000.");
  if (!topic.assignments.empty() && topic.num_partitions != -1)
    return refused(topic, error_code::invalid_request, "Both numPartitions and replicasAssignments were given.");
  if (!topic.assignments.empty() && !is_possible(topic.assignments, node.node_id))
    return refused(topic, error_code::invalid_replica_assignment, "This node is the only replica of each partition.");
  if (topic.replication_factor < -1 || topic.replication_factor == 0 || topic.replication_factor > 1)
    return refused(topic, error_code::invalid_replication_factor,
                   "A partition has one leader; its durability is the store's.");
  if (auto problem = take_configs(topic, configs)) return refused(topic, error_code::invalid_config, *problem);
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

std::string collides(const wanted_topic& topic, const std::string& similar) {
  return "Topic '" + topic.name + "' collides with topic '" + similar + "': '.' and '_' are one in names of metrics.";
}

std::string why_not_created(const wanted_topic& topic, const msg::topic_result& result) {
  switch (result.error) {
    case error_code::topic_already_exists: return already_exists(topic);
    case error_code::invalid_topic_exception: return collides(topic, result.similar);
    case error_code::policy_violation: return "The node would have more partitions than limits.partitions.";
    case error_code::throttling_quota_exceeded: return "The throttling quota has been exceeded.";
    default: return "The topic may exist or not; ask for it.";
  }
}

/// validate_only: what creating the topic would answer.
void validate_one(const services& node, const request_ptr& r, const wanted_topic& topic, const created& accepted,
                  const reply<created>& done) {
  const auto unknown = refused(topic, error_code::request_timed_out, "Storage cannot say now.");
  auto judged = [topic, accepted, unknown, done](const msg::topic_result& result) {
    if (result.error == error_code::none) return done(accepted);
    if (result.error == error_code::leader_not_available) return done(unknown);
    done(refused(topic, result.error, why_not_created(topic, result)));
  };
  find_topics(node, r, {{topic.name, {}, false}}, false,
              [&node, topic, unknown, judged, done](std::vector<msg::topic_result> found) {
                const auto error = found.front().error;
                if (error == error_code::none) return judged({error_code::topic_already_exists, found.front().topic});
                if (error != error_code::unknown_topic_or_partition) return done(unknown);
                msg::create_topic m;
                m.name = topic.name;
                m.answer = reply<msg::topic_result>{{}, judged};
                m.validate_only = true;
                node.topics.send(std::move(m));
              });
}

void create_one(const services& node, const request_ptr& r, const wanted_topic& topic, created accepted,
                config_values configs, const throttle& wait, const reply<created>& done) {
  auto answer = [topic, accepted, wait, done](const msg::topic_result& result) {
    wait.at_least(result.throttle_ms);
    if (result.error != error_code::none) return done(refused(topic, result.error, why_not_created(topic, result)));
    auto out = accepted;
    out.topic_id = result.topic->id;
    done(std::move(out));
  };
  node.topics.send(msg::create_topic{topic.name, accepted.num_partitions, std::move(configs),
                                     reply<msg::topic_result>{{error_code::request_timed_out, nullptr}, answer},
                                     {r->client_host(), r->header.api_version >= first_told_of_quota}});
}

}  // namespace

/// CreateTopics (API key 19). Errors per topic: those of check(), topic_already_exists, invalid_topic_exception,
/// policy_violation (limits.partitions), throttling_quota_exceeded, request_timed_out (created or not: ask for it).
void create_topics(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::create_topics_request>();
  if (!asked) return;
  std::multiset<std::string> names;
  for (const auto& topic : asked->topics) names.insert(topic.name);
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
    auto done = all->slot(i, refused(topic, error_code::request_timed_out, "The topic may exist or not."));
    if (names.count(topic.name) > 1) {
      done(refused(topic, error_code::invalid_request, "Duplicate topic name."));
      continue;
    }
    config_values configs;
    auto checked = check(node, topic, configs);
    if (checked.error_code != error_code::none) {
      done(std::move(checked));
    } else if (!asked->validate_only) {
      create_one(node, r, topic, std::move(checked), std::move(configs), wait, done);
    } else if (const auto similar = validated.other_than(topic.name)) {
      done(refused(topic, error_code::invalid_topic_exception, collides(topic, *similar)));
    } else {
      validated.add(topic.name);
      validate_one(node, r, topic, checked, done);
    }
  }
}

namespace {

/// Kafka's checks on what a DeleteTopics request names; none: the topic may be looked for.
error_code check_named(const kafka::delete_topics_request::topic& topic, std::size_t mentions) {
  const bool by_name = topic.name.has_value();
  const bool by_id = topic.topic_id != uuid{};
  if (by_name == by_id || mentions > 1 || (by_name && topic.name->empty())) return error_code::invalid_request;
  if (by_name && !smq::is_legal_topic_name(*topic.name)) return error_code::unknown_topic_or_partition;
  return error_code::none;
}

}  // namespace

/// DeleteTopics (API key 20), by name or by id (v6). Errors per topic: those of check_named(),
/// unknown_topic_or_partition, unknown_topic_id, request_timed_out (it may be gone; its name stays taken until it is).
void delete_topics(const services& node, const request_ptr& r) {
  using result = kafka::delete_topics_response::result;
  auto asked = r->decode<kafka::delete_topics_request>();
  if (!asked) return;
  auto topics = asked->topics;
  if (r->header.api_version < 6)
    for (const auto& name : asked->topic_names) topics.push_back({name, {}});
  auto all = fan_in<result>::make(topics.size(), [r](std::vector<result> results) {
    kafka::delete_topics_response response;
    response.responses = std::move(results);
    r->answer(response);
  });
  std::map<std::pair<std::optional<std::string>, uuid>, std::size_t> mentions;
  for (const auto& topic : topics) ++mentions[{topic.name, topic.topic_id}];
  for (std::size_t i = 0; i < topics.size(); ++i) {
    result dropped{topics[i].name, topics[i].topic_id, error_code::request_timed_out, std::nullopt};
    if (auto error = check_named(topics[i], mentions[{topics[i].name, topics[i].topic_id}]);
        error != error_code::none) {
      all->slot(i, dropped)(result{topics[i].name, topics[i].topic_id, error, std::nullopt});
      continue;
    }
    auto answer = [topic = topics[i], slot = all->slot(i, dropped)](const msg::topic_result& deleted) {
      result out{topic.name, topic.topic_id, deleted.error, std::nullopt};
      if (deleted.topic) out.name = deleted.topic->name;
      if (deleted.topic) out.topic_id = deleted.topic->id;
      slot(std::move(out));
    };
    node.topics.send(msg::delete_topic{topics[i].name.value_or(""), topics[i].topic_id,
                                       reply<msg::topic_result>{{error_code::request_timed_out, nullptr}, answer}});
  }
}

namespace {

using described = kafka::describe_configs_response::result;

namespace config_resource = kafka::config_resource;
constexpr std::array<std::int8_t, 3> without_configs{
  config_resource::broker_logger, config_resource::client_metrics, config_resource::group};

void add_configs(described& out, const std::vector<shown_config>& configs,
                 const std::optional<std::vector<std::string>>& keys, const kafka::describe_configs_request& asked) {
  for (const auto& c : configs) {
    if (keys && !keys->empty() && std::find(keys->begin(), keys->end(), c.name) == keys->end()) continue;
    auto& config = out.configs.emplace_back();
    config.name = c.name;
    config.value = c.value();
    config.read_only = c.read_only;
    config.is_default = c.source() == shown_config::default_source;
    config.config_source = c.source();
    config.config_type = c.type;
    if (asked.include_synonyms)
      for (const auto& from : c.origins)
        if (!from.name.empty()) config.synonyms.push_back({std::string(from.name), from.value, from.source});
    config.documentation.reset();
    if (asked.include_documentation) config.documentation = c.documentation;
  }
}

/// Of anything but a topic.
void describe_other(const services& node, const kafka::describe_configs_request::resource& resource,
                    const kafka::describe_configs_request& asked, described& out) {
  const auto& name = resource.resource_name;
  if (resource.resource_type == config_resource::broker && name == std::to_string(node.node_id)) {
    add_configs(out, broker_configs(node.settings), resource.configuration_keys, asked);
    return;
  }
  if (resource.resource_type == config_resource::broker && name.empty()) return;  // the dynamic defaults: nothing is dynamic
  const auto none_of = std::find(without_configs.begin(), without_configs.end(), resource.resource_type);
  if (none_of != without_configs.end()) return;
  out.error_code = error_code::invalid_request;
  out.error_message = "Only topics and this broker have configs.";
}

}  // namespace

/// DescribeConfigs (API key 32): topics and this broker.
void describe_configs(const services& node, const request_ptr& r) {
  auto decoded = r->decode<kafka::describe_configs_request>();
  if (!decoded) return;
  std::set<std::pair<std::int8_t, std::string>> seen;  // a repeated resource is answered once
  std::erase_if(decoded->resources, [&](const auto& resource) {
    return !seen.emplace(resource.resource_type, resource.resource_name).second;
  });
  auto asked = std::make_shared<const kafka::describe_configs_request>(std::move(*decoded));
  std::vector<topic_reference> wanted;
  for (const auto& resource : asked->resources)
    wanted.push_back({resource.resource_type == config_resource::topic ? resource.resource_name : "", {}, false});
  std::erase_if(wanted, [](const topic_reference& t) { return t.name.empty(); });
  find_topics(node, r, std::move(wanted), false, [&node, r, asked](std::vector<msg::topic_result> topics) {
    kafka::describe_configs_response response;
    auto next = topics.begin();
    for (const auto& resource : asked->resources) {
      auto& out = response.results.emplace_back();
      out.resource_type = resource.resource_type;
      out.resource_name = resource.resource_name;
      out.error_message.reset();
      if (resource.resource_type != config_resource::topic || resource.resource_name.empty()) {
        describe_other(node, resource, *asked, out);
        continue;
      }
      const auto& found = *next++;
      out.error_code = found.error;
      if (found.error == error_code::none)
        add_configs(out, topic_configs(*found.topic, node.settings), resource.configuration_keys, *asked);
    }
    r->answer(response);
  });
}

}  // namespace tidegate::actors::handlers
