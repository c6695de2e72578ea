#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// ApiVersions request (API key 18), v0–v4. Flexible since v3 (KIP-482).
struct api_versions_request {
  static constexpr api_key api = api_key::api_versions;

  std::string client_software_name;
  std::string client_software_version;

  static constexpr void fields(auto& x, auto& f) {
    f("ClientSoftwareName", x.client_software_name, since(3));
    f("ClientSoftwareVersion", x.client_software_version, since(3));
  }
  friend bool operator==(const api_versions_request&, const api_versions_request&) = default;
};

/// ApiVersions response (API key 18), v0–v4. Flexible since v3 (KIP-482).
struct api_versions_response {
  static constexpr api_key api = api_key::api_versions;

  struct api_version {
    std::int16_t api_key = 0;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;

    static constexpr void fields(auto& x, auto& f) {
      f("ApiKey", x.api_key);
      f("MinVersion", x.min_version);
      f("MaxVersion", x.max_version);
    }
    friend bool operator==(const api_version&, const api_version&) = default;
  };

  struct supported_feature {
    std::string name;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("MinVersion", x.min_version);
      f("MaxVersion", x.max_version);
    }
    friend bool operator==(const supported_feature&, const supported_feature&) = default;
  };

  struct finalized_feature {
    std::string name;
    std::int16_t max_version_level = 0;
    std::int16_t min_version_level = 0;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("MaxVersionLevel", x.max_version_level);
      f("MinVersionLevel", x.min_version_level);
    }
    friend bool operator==(const finalized_feature&, const finalized_feature&) = default;
  };

  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<api_version> api_keys;
  std::int32_t throttle_time_ms = 0;
  std::vector<supported_feature> supported_features;
  std::int64_t finalized_features_epoch = -1;
  std::vector<finalized_feature> finalized_features;
  bool zk_migration_ready = false;

  static constexpr void fields(auto& x, auto& f) {
    f("ErrorCode", x.error_code);
    f("ApiKeys", x.api_keys);
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f.tagged("SupportedFeatures", x.supported_features, 0, since(3));
    f.tagged("FinalizedFeaturesEpoch", x.finalized_features_epoch, 1, since(3), std::int64_t{-1});
    f.tagged("FinalizedFeatures", x.finalized_features, 2, since(3));
    f.tagged("ZkMigrationReady", x.zk_migration_ready, 3, since(3));
  }
  friend bool operator==(const api_versions_response&, const api_versions_response&) = default;
};

}  // namespace tidegate::kafka
