#pragma once

#include "messages/kafka/alter_configs.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include <utility>

namespace tidegate::test {

/// Asks for configs and alters them, of the topic "t" unless another one is named.
struct configs_fixture : handler_fixture {
  static constexpr std::int8_t topic_type = 2;
  using answer = std::pair<error_code, std::string>;

  answer edit(const std::string& key, std::int8_t operation, std::optional<std::string> value,
              const std::string& name = "t", std::int8_t type = topic_type, bool validate_only = false) {
    kafka::incremental_alter_configs_request asked;
    asked.resources.push_back({type, name, {{key, operation, std::move(value)}}});
    asked.validate_only = validate_only;
    const auto found = ask<kafka::incremental_alter_configs_response>(asked, 1).responses.at(0);
    CAF_CHECK_EQUAL(found.resource_name, name);
    CAF_CHECK_EQUAL(int{found.resource_type}, int{type});
    return {found.error_code, found.error_message.value_or("")};
  }

  answer replace(std::vector<kafka::alter_configs_request::config> configs, const std::string& name = "t",
                 std::int8_t type = topic_type, bool validate_only = false) {
    kafka::alter_configs_request asked;
    asked.resources.push_back({type, name, std::move(configs)});
    asked.validate_only = validate_only;
    const auto found = ask<kafka::alter_configs_response>(asked, 2).responses.at(0);
    return {found.error_code, found.error_message.value_or("")};
  }

  kafka::describe_configs_response::config described(const std::string& key, const std::string& name = "t") {
    kafka::describe_configs_request asked;
    asked.resources.push_back({topic_type, name, std::vector{key}});
    asked.include_documentation = true;
    const auto found = ask<kafka::describe_configs_response>(asked, 4).results.at(0);
    CAF_REQUIRE_EQUAL(found.configs.size(), 1u);
    return found.configs[0];
  }
};

}  // namespace tidegate::test
