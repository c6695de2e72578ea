#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// SyncGroup request (API key 14), v0–v5. Flexible since v4 (KIP-482).
struct sync_group_request {
  static constexpr api_key api = api_key::sync_group;

  struct member_assignment {
    std::string member_id;
    byte_buffer assignment;

    static constexpr void fields(auto& x, auto& f) {
      f("MemberId", x.member_id);
      f("Assignment", x.assignment);
    }
    friend bool operator==(const member_assignment&, const member_assignment&) = default;
  };

  std::string group_id;
  std::int32_t generation_id = 0;
  std::string member_id;
  std::optional<std::string> group_instance_id;  // KIP-345
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::vector<member_assignment> assignments;

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id);
    f("GenerationId", x.generation_id);
    f("MemberId", x.member_id);
    f("GroupInstanceId", x.group_instance_id, since(3));
    f("ProtocolType", x.protocol_type, since(5));
    f("ProtocolName", x.protocol_name, since(5));
    f("Assignments", x.assignments);
  }
  friend bool operator==(const sync_group_request&, const sync_group_request&) = default;
};

/// SyncGroup response (API key 14), v0–v5. Flexible since v4 (KIP-482).
struct sync_group_response {
  static constexpr api_key api = api_key::sync_group;

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  byte_buffer assignment;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("ErrorCode", x.error_code);
    f("ProtocolType", x.protocol_type, since(5));
    f("ProtocolName", x.protocol_name, since(5));
    f("Assignment", x.assignment);
  }
  friend bool operator==(const sync_group_response&, const sync_group_response&) = default;
};

}  // namespace tidegate::kafka
