#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::kafka {

/// Heartbeat request (API key 12), v0–v4. Flexible since v4 (KIP-482).
struct heartbeat_request {
  static constexpr api_key api = api_key::heartbeat;

  std::string group_id;
  std::int32_t generation_id = 0;
  std::string member_id;
  std::optional<std::string> group_instance_id;  // KIP-345

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id);
    f("GenerationId", x.generation_id);
    f("MemberId", x.member_id);
    f("GroupInstanceId", x.group_instance_id, since(3));
  }
  friend bool operator==(const heartbeat_request&, const heartbeat_request&) = default;
};

/// Heartbeat response (API key 12), v0–v4. Flexible since v4 (KIP-482).
struct heartbeat_response {
  static constexpr api_key api = api_key::heartbeat;

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("ErrorCode", x.error_code);
  }
  friend bool operator==(const heartbeat_response&, const heartbeat_response&) = default;
};

}  // namespace tidegate::kafka
