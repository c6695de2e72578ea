#include "messages/kafka/list_config_resources.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/kafka/config_resource.hpp"

#include <algorithm>
#include <array>

namespace tidegate::actors::handlers {

namespace {

namespace config_resource = kafka::config_resource;

/// Those that Kafka lists; of brokers' loggers, client metrics and groups there are none here.
constexpr std::array<std::int8_t, 5> listable{config_resource::topic, config_resource::broker,
                                               config_resource::broker_logger, config_resource::client_metrics,
                                               config_resource::group};

void answer_with_topics(const services& node, const request_ptr& r,
                        kafka::list_config_resources_response response) {
  auto done = [&node, r, response = std::move(response)](error_code error) mutable {
    response.error_code = error;
    if (error != error_code::none) response.config_resources.clear();
    const auto known = node.store->topics.current();
    if (error == error_code::none) {
      for (const auto& [name, topic] : known->by_name) response.config_resources.push_back({name, config_resource::topic});
      // Not absent: whoever asks for their configs is told to ask again.
      for (const auto& name : known->unreadable) response.config_resources.push_back({name, config_resource::topic});
    }
    r->answer(response);
  };
  node.topics.send(msg::load_all_topics{reply<error_code>{error_code::leader_not_available, done}});
}

}  // namespace

/// ListConfigResources (API key 74). Version 0 is the older ListClientMetricsResources.
/// Errors: unsupported_version (an unknown type), leader_not_available (the topics cannot be listed now).
void list_config_resources(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::list_config_resources_request>();
  if (!asked) return;
  auto types = asked->resource_types;
  if (r->header.api_version == 0) types = {config_resource::client_metrics};
  if (types.empty()) types.assign(listable.begin(), listable.end());
  auto asks_for = [&](std::int8_t type) { return std::find(types.begin(), types.end(), type) != types.end(); };
  kafka::list_config_resources_response response;
  for (const auto type : types) {
    if (std::find(listable.begin(), listable.end(), type) != listable.end()) continue;
    response.error_code = error_code::unsupported_version;
    return r->answer(response);
  }
  if (asks_for(config_resource::broker))
    response.config_resources.push_back({std::to_string(node.node_id), config_resource::broker});
  if (asks_for(config_resource::topic)) return answer_with_topics(node, r, std::move(response));
  r->answer(response);
}

}  // namespace tidegate::actors::handlers
