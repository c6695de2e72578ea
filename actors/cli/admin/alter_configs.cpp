#include "actors/cli/admin/alter_configs.hpp"

#include "actors/cli/bench/layout.hpp"
#include "actors/cli/bench/wire_call.hpp"
#include "messages/kafka/config_resource.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"
#include "messages/kafka/wire.hpp"

#include <algorithm>

namespace tidegate::cli {

namespace {

// Not flexible, and known to every broker from Kafka 2.3 to 4.x.
constexpr std::int16_t alter_version = 0, describe_version = 1;

void check_protocol(const cluster& at) {
  char protocol[64];
  auto size = sizeof(protocol);
  const auto found = rd_kafka_conf_get(rd_kafka_conf(at.handle()), "security.protocol", protocol, &size);
  if (found != RD_KAFKA_CONF_OK || std::string_view(protocol) != "plaintext")
    throw usage_failure("configs are altered without TLS and SASL only");
}

void check_lengths(const std::string& topic, const std::vector<config_change>& changes) {
  const auto check = [](const std::string& text) {
    if (text.size() > kafka::longest_string) throw usage_failure("a name or value has more than 32767 bytes");
  };
  check(topic);
  for (const auto& one : changes) {
    check(one.name);
    check(one.value.value_or(""));
  }
}

void throw_if(error_code code, const std::optional<std::string>& message) {
  if (code == error_code::none) return;
  throw kafka_failure(error_line(static_cast<rd_kafka_resp_err_t>(code), message ? message->c_str() : nullptr));
}

/// A broker takes the removal of a config that does not exist: nobody would notice a slip in its name.
void check_removed(bench::wire_connection& with, const std::string& topic, const std::vector<config_change>& changes,
                   std::chrono::milliseconds timeout) {
  std::vector<std::string> removed;
  for (const auto& one : changes)
    if (!one.value) removed.push_back(one.name);
  if (removed.empty()) return;  // no names would ask for all configs
  kafka::describe_configs_request asked;
  asked.resources.push_back({kafka::config_resource::topic, topic, removed});
  const auto answer = bench::call<kafka::describe_configs_response>(with, asked, describe_version, timeout);
  if (answer.results.size() != 1) bench::fail_malformed(with.broker());
  const auto& found = answer.results.front();
  throw_if(found.error_code, found.error_message);
  for (const auto& name : removed)
    if (std::ranges::find(found.configs, name, &kafka::describe_configs_response::config::name) == found.configs.end())
      throw_if(error_code::invalid_config, "Unknown topic config name: " + name);
}

}  // namespace

void alter_configs(cluster& at, const std::string& topic, const std::vector<config_change>& changes, bool only_checks) {
  check_protocol(at);
  check_lengths(topic, changes);
  const std::chrono::milliseconds timeout(at.timeout_ms());
  // Any broker will do: it asks the controller.
  bench::wire_connection with(bench::a_broker_of(at), timeout);
  check_removed(with, topic, changes, timeout);
  kafka::incremental_alter_configs_request asked;
  asked.validate_only = only_checks;
  auto& resource = asked.resources.emplace_back();
  resource.resource_type = kafka::config_resource::topic;
  resource.resource_name = topic;
  constexpr std::int8_t set = 0, remove = 1;  // Kafka's numbers
  for (const auto& one : changes) resource.configs.push_back({one.name, one.value ? set : remove, one.value});
  const auto answer = bench::call<kafka::incremental_alter_configs_response>(with, asked, alter_version, timeout);
  if (answer.responses.size() != 1) bench::fail_malformed(with.broker());
  throw_if(answer.responses.front().error_code, answer.responses.front().error_message);
}

}  // namespace tidegate::cli
