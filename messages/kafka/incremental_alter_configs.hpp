#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// IncrementalAlterConfigs request (API key 44), v0–v1. Flexible since v1 (KIP-482).
struct incremental_alter_configs_request {
  static constexpr api_key api = api_key::incremental_alter_configs;

  struct config {
    std::string name;
    std::int8_t config_operation = 0;  // set, delete, append, subtract (KIP-339)
    std::optional<std::string> value = "";

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("ConfigOperation", x.config_operation);
      f("Value", x.value);
    }
    friend bool operator==(const config&, const config&) = default;
  };

  struct resource {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::vector<config> configs;

    static constexpr void fields(auto& x, auto& f) {
      f("ResourceType", x.resource_type);
      f("ResourceName", x.resource_name);
      f("Configs", x.configs);
    }
    friend bool operator==(const resource&, const resource&) = default;
  };

  std::vector<resource> resources;
  bool validate_only = false;

  static constexpr void fields(auto& x, auto& f) {
    f("Resources", x.resources);
    f("ValidateOnly", x.validate_only);
  }
  friend bool operator==(const incremental_alter_configs_request&, const incremental_alter_configs_request&) = default;
};

/// IncrementalAlterConfigs response (API key 44), v0–v1. Flexible since v1 (KIP-482).
struct incremental_alter_configs_response {
  static constexpr api_key api = api_key::incremental_alter_configs;

  struct response {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message = "";
    std::int8_t resource_type = 0;
    std::string resource_name;

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message);
      f("ResourceType", x.resource_type);
      f("ResourceName", x.resource_name);
    }
    friend bool operator==(const response&, const response&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<response> responses;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("Responses", x.responses);
  }
  friend bool operator==(const incremental_alter_configs_response&, const incremental_alter_configs_response&) = default;
};

}  // namespace tidegate::kafka
