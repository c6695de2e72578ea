#include "messages/kafka/describe_configs.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/shown.hpp"
#include "actors/handlers/table.hpp"
#include "actors/handlers/topic_configs.hpp"
#include "actors/handlers/topic_names.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/kafka/config_resource.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace tidegate::actors::handlers {

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

/// Of a broker. "": the dynamic defaults, and nothing is dynamic.
void describe_broker(const services& node, const kafka::describe_configs_request::resource& resource,
                     const kafka::describe_configs_request& asked, described& out) {
  const auto& name = resource.resource_name;
  const auto own = std::to_string(node.node_id);
  if (name.empty()) return;
  if (name == own) return add_configs(out, broker_configs(node.settings), resource.configuration_keys, asked);
  std::int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  const bool is_number = error == std::errc{} && end == name.data() + name.size();
  out.error_code = error_code::invalid_request;
  out.error_message = is_number ? "Unexpected broker id, expected " + own + " or empty string, but received " + name
                                : "Broker id must be an integer, but it is: " + shown(name);
}

/// Of anything but a topic.
void describe_other(const services& node, const kafka::describe_configs_request::resource& resource,
                    const kafka::describe_configs_request& asked, described& out) {
  if (resource.resource_type == config_resource::broker) return describe_broker(node, resource, asked, out);
  const auto none_of = std::find(without_configs.begin(), without_configs.end(), resource.resource_type);
  if (none_of != without_configs.end()) return;
  out.error_code = error_code::invalid_request;
  out.error_message = "Only topics and this broker have configs.";
}

using resources = std::vector<kafka::describe_configs_request::resource>;

/// A repeated resource is answered once, with what any of its mentions asks for.
resources named_once(const resources& all) {
  resources once;
  std::map<std::pair<std::int8_t, std::string>, std::size_t> places;
  for (const auto& resource : all) {
    const auto [place, is_new] = places.emplace(std::pair{resource.resource_type, resource.resource_name}, once.size());
    if (is_new) {
      once.push_back(resource);
      continue;
    }
    auto& keys = once[place->second].configuration_keys;
    const bool asks_for_all = !resource.configuration_keys || resource.configuration_keys->empty();
    if (asks_for_all || !keys || keys->empty()) {
      keys.reset();
    } else {
      keys->insert(keys->end(), resource.configuration_keys->begin(), resource.configuration_keys->end());
    }
  }
  return once;
}

bool is_legal_topic(const kafka::describe_configs_request::resource& resource) {
  return resource.resource_type == config_resource::topic && name_problem(resource.resource_name).empty();
}

}  // namespace

/// DescribeConfigs (API key 32): topics and this broker.
void describe_configs(const services& node, const request_ptr& r) {
  auto decoded = r->decode<kafka::describe_configs_request>();
  if (!decoded) return;
  decoded->resources = named_once(decoded->resources);
  auto asked = std::make_shared<const kafka::describe_configs_request>(std::move(*decoded));
  std::vector<topic_reference> wanted;
  for (const auto& resource : asked->resources)
    if (is_legal_topic(resource)) wanted.push_back({resource.resource_name, {}, false});
  find_topics(node, r, std::move(wanted), false, [&node, r, asked](std::vector<msg::topic_result> topics) {
    kafka::describe_configs_response response;
    auto next = topics.begin();
    for (const auto& resource : asked->resources) {
      auto& out = response.results.emplace_back();
      out.resource_type = resource.resource_type;
      out.resource_name = resource.resource_name;
      out.error_message.reset();
      if (resource.resource_type != config_resource::topic) {
        describe_other(node, resource, *asked, out);
        continue;
      }
      if (!is_legal_topic(resource)) {
        out.error_code = error_code::invalid_topic_exception;
        out.error_message = name_problem(resource.resource_name);
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
