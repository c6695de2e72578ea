#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// ListConfigResources request (API key 74), v0–v1. Flexible in all versions.
struct list_config_resources_request {
  static constexpr api_key api = api_key::list_config_resources;

  std::vector<std::int8_t> resource_types;  // v0 lists client metrics only; empty: all

  static constexpr void fields(auto& x, auto& f) { f("ResourceTypes", x.resource_types, since(1)); }
  friend bool operator==(const list_config_resources_request&, const list_config_resources_request&) = default;
};

/// ListConfigResources response (API key 74), v0–v1. Flexible in all versions.
struct list_config_resources_response {
  static constexpr api_key api = api_key::list_config_resources;

  struct resource {
    std::string resource_name;
    std::int8_t resource_type = 16;  // client metrics

    static constexpr void fields(auto& x, auto& f) {
      f("ResourceName", x.resource_name);
      f("ResourceType", x.resource_type, since(1));
    }
    friend bool operator==(const resource&, const resource&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<resource> config_resources;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("ErrorCode", x.error_code);
    f("ConfigResources", x.config_resources);
  }
  friend bool operator==(const list_config_resources_response&, const list_config_resources_response&) = default;
};

}  // namespace tidegate::kafka
