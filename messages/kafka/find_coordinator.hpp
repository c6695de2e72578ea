#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// FindCoordinator request (API key 10), v0–v6. Flexible since v3 (KIP-482).
struct find_coordinator_request {
  static constexpr api_key api = api_key::find_coordinator;

  std::string key;
  std::int8_t key_type = 0;
  std::vector<std::string> coordinator_keys;

  static constexpr void fields(auto& x, auto& f) {
    f("Key", x.key, until(3));
    f("KeyType", x.key_type, since(1));
    f("CoordinatorKeys", x.coordinator_keys, since(4));
  }
  friend bool operator==(const find_coordinator_request&, const find_coordinator_request&) = default;
};

/// FindCoordinator response (API key 10), v0–v6. Flexible since v3 (KIP-482).
struct find_coordinator_response {
  static constexpr api_key api = api_key::find_coordinator;

  struct coordinator {
    std::string key;
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message = "";

    static constexpr void fields(auto& x, auto& f) {
      f("Key", x.key);
      f("NodeId", x.node_id);
      f("Host", x.host);
      f("Port", x.port);
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message);
    }
    friend bool operator==(const coordinator&, const coordinator&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::optional<std::string> error_message = "";
  std::int32_t node_id = 0;
  std::string host;
  std::int32_t port = 0;
  std::vector<coordinator> coordinators;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("ErrorCode", x.error_code, until(3));
    f("ErrorMessage", x.error_message, between(1, 3));
    f("NodeId", x.node_id, until(3));
    f("Host", x.host, until(3));
    f("Port", x.port, until(3));
    f("Coordinators", x.coordinators, since(4));
  }
  friend bool operator==(const find_coordinator_response&, const find_coordinator_response&) = default;
};

}  // namespace tidegate::kafka
