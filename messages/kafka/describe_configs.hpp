#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DescribeConfigs request (API key 32), v0–v4. Flexible since v4 (KIP-482).
struct describe_configs_request {
  static constexpr api_key api = api_key::describe_configs;

  struct resource {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::optional<std::vector<std::string>> configuration_keys = std::vector<std::string>{};

    static constexpr void fields(auto& x, auto& f) {
      f("ResourceType", x.resource_type);
      f("ResourceName", x.resource_name);
      f("ConfigurationKeys", x.configuration_keys);
    }
    friend bool operator==(const resource&, const resource&) = default;
  };

  std::vector<resource> resources;
  bool include_synonyms = false;
  bool include_documentation = false;

  static constexpr void fields(auto& x, auto& f) {
    f("Resources", x.resources);
    f("IncludeSynonyms", x.include_synonyms, since(1));
    f("IncludeDocumentation", x.include_documentation, since(3));
  }
  friend bool operator==(const describe_configs_request&, const describe_configs_request&) = default;
};

/// DescribeConfigs response (API key 32), v0–v4. Flexible since v4 (KIP-482).
struct describe_configs_response {
  static constexpr api_key api = api_key::describe_configs;

  struct synonym {
    std::string name;
    std::optional<std::string> value = "";
    std::int8_t source = 0;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Value", x.value);
      f("Source", x.source);
    }
    friend bool operator==(const synonym&, const synonym&) = default;
  };

  struct config {
    std::string name;
    std::optional<std::string> value = "";
    bool read_only = false;
    bool is_default = false;  // v0 only, then config_source
    std::int8_t config_source = -1;
    bool is_sensitive = false;
    std::vector<synonym> synonyms;
    std::int8_t config_type = 0;
    std::optional<std::string> documentation = "";

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Value", x.value);
      f("ReadOnly", x.read_only);
      f("IsDefault", x.is_default, only(0));
      f("ConfigSource", x.config_source, since(1));
      f("IsSensitive", x.is_sensitive);
      f("Synonyms", x.synonyms, since(1));
      f("ConfigType", x.config_type, since(3));
      f("Documentation", x.documentation, since(3));
    }
    friend bool operator==(const config&, const config&) = default;
  };

  struct result {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message = "";
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::vector<config> configs;

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message);
      f("ResourceType", x.resource_type);
      f("ResourceName", x.resource_name);
      f("Configs", x.configs);
    }
    friend bool operator==(const result&, const result&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<result> results;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("Results", x.results);
  }
  friend bool operator==(const describe_configs_response&, const describe_configs_response&) = default;
};

}  // namespace tidegate::kafka
