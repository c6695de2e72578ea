// AlterConfigs and IncrementalAlterConfigs: of topics. The broker's configs are its command line and file.
#include "messages/kafka/alter_configs.hpp"

#include "actors/handlers/shown.hpp"
#include "actors/handlers/table.hpp"
#include "actors/handlers/topic_configs.hpp"
#include "actors/handlers/topic_names.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "messages/kafka/config_resource.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"

#include <map>
#include <set>

namespace tidegate::actors::handlers {

namespace {

namespace config_resource = kafka::config_resource;

/// One change of one resource, of either API.
struct asked_change {
  std::int8_t resource_type = 0;
  std::string resource_name;
  std::vector<config_edit> edits;
  bool replaces = false;  // configs that are not named go back to their defaults
};

asked_change change_of(const kafka::alter_configs_request::resource& resource) {
  asked_change change{resource.resource_type, resource.resource_name, {}, true};
  for (const auto& c : resource.configs)
    change.edits.push_back({c.name, static_cast<std::int8_t>(config_edit::set), c.value});
  return change;
}

asked_change change_of(const kafka::incremental_alter_configs_request::resource& resource) {
  asked_change change{resource.resource_type, resource.resource_name, {}, false};
  for (const auto& c : resource.configs) change.edits.push_back({c.name, c.config_operation, c.value});
  return change;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + shown(name);
  return all;
}

/// Kafka's checks of the request itself; error none: its configs may be looked at.
/// Source: Kafka's ConfigAdminManager.preprocess.
msg::change_result check_edits(const std::vector<config_edit>& edits) {
  std::set<std::string> names;
  std::vector<std::string> without_value;
  for (const auto& edit : edits) {
    if (!names.insert(edit.name).second) return {error_code::invalid_request, "Error due to duplicate config keys"};
    if (edit.operation < config_edit::set || edit.operation > config_edit::subtract)
      return {error_code::invalid_request, "Unknown operation type id " + std::to_string(edit.operation)};
    if (!edit.value && edit.operation != config_edit::remove) without_value.push_back(edit.name);
  }
  if (!without_value.empty())
    return {error_code::invalid_request, "Null value not supported for : " + joined(without_value)};
  return {error_code::none, {}};
}

/// Nothing of a broker is dynamic, so that there is nothing to remove either; the rest is refused in Kafka's words.
msg::change_result alter_broker(const services& node, const asked_change& change) {
  const auto own = std::to_string(node.node_id);
  if (!change.resource_name.empty() && change.resource_name != own)
    return {error_code::invalid_request,
            "Unexpected broker id, expected " + own + ", but received " + shown(change.resource_name)};
  std::vector<std::string> names;
  for (const auto& edit : change.edits)
    if (edit.operation != config_edit::remove) names.push_back(edit.name);
  if (names.empty()) return {error_code::none, {}};
  return {error_code::invalid_request, "Cannot update these configs dynamically: [" + joined(names) + "]"};
}

void alter_topic(const services& node, const asked_change& change, bool validate_only,
                 const reply<msg::change_result>& done) {
  if (change.resource_name.empty())
    return done({error_code::invalid_request, "Default topic resources are not allowed."});
  if (auto problem = name_problem(change.resource_name); !problem.empty())
    return done({error_code::invalid_topic_exception, std::move(problem)});
  const auto decide = [change](const smq::topic_info& now) {
    msg::topic_change altered{error_code::none, {}, now};
    if (change.replaces) altered.after.configs.clear();
    if (auto problem = edit_topic_configs(altered.after.configs, change.edits)) {
      altered.error = error_code::invalid_config;
      altered.message = std::move(*problem);
    }
    return altered;
  };
  auto answer = [name = change.resource_name, decide, done](msg::change_result result) {
    if (result.error != error_code::unknown_topic_or_partition) return done(std::move(result));
    auto of_any = decide({});  // Kafka looks at the configs before it looks for the topic
    if (of_any.error != error_code::none) return done({of_any.error, std::move(of_any.message)});
    done({result.error, "The topic '" + name + "' does not exist."});
  };
  node.topics.send(
    msg::change_topic{change.resource_name, decide, validate_only, reply<msg::change_result>{{}, answer}});
}

void alter_one(const services& node, const asked_change& change, bool validate_only,
               const reply<msg::change_result>& done) {
  if (auto checked = check_edits(change.edits); checked.error != error_code::none) return done(std::move(checked));
  if (change.resource_type == config_resource::topic) return alter_topic(node, change, validate_only, done);
  if (change.resource_type == config_resource::broker) return done(alter_broker(node, change));
  done({error_code::invalid_request, "Unknown resource type " + std::to_string(change.resource_type)});
}

template <class Request, class Response>
void alter(const services& node, const request_ptr& r) {
  auto decoded = r->decode<Request>();
  if (!decoded) return;
  auto asked = std::make_shared<const Request>(std::move(*decoded));
  auto all = fan_in<msg::change_result>::make(
    asked->resources.size(), [r, asked](const std::vector<msg::change_result>& results) {
      Response response;
      for (std::size_t i = 0; i < results.size(); ++i) {
        auto& out = response.responses.emplace_back();
        out.error_code = results[i].error;
        out.error_message.reset();
        if (!results[i].message.empty()) out.error_message = results[i].message;
        out.resource_type = asked->resources[i].resource_type;
        out.resource_name = asked->resources[i].resource_name;
      }
      r->answer(response);
    });
  std::map<std::pair<std::int8_t, std::string>, int> mentions;
  for (const auto& resource : asked->resources) ++mentions[{resource.resource_type, resource.resource_name}];
  for (std::size_t i = 0; i < asked->resources.size(); ++i) {
    const auto& resource = asked->resources[i];
    auto done = all->slot(i, {});
    if (mentions[{resource.resource_type, resource.resource_name}] > 1)
      done({error_code::invalid_request, "Each resource must appear at most once."});
    else
      alter_one(node, change_of(resource), asked->validate_only, done);
  }
}

}  // namespace

/// AlterConfigs (API key 33): replaces all configs of a topic.
void alter_configs(const services& node, const request_ptr& r) {
  alter<kafka::alter_configs_request, kafka::alter_configs_response>(node, r);
}

/// IncrementalAlterConfigs (API key 44): changes those that are named (KIP-339).
void incremental_alter_configs(const services& node, const request_ptr& r) {
  alter<kafka::incremental_alter_configs_request, kafka::incremental_alter_configs_response>(node, r);
}

}  // namespace tidegate::actors::handlers
