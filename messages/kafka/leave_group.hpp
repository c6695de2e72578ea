#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// LeaveGroup request (API key 13), v0–v5. Flexible since v4 (KIP-482).
struct leave_group_request {
  static constexpr api_key api = api_key::leave_group;

  struct member {
    std::string member_id;
    std::optional<std::string> group_instance_id;  // KIP-345
    std::optional<std::string> reason;

    static constexpr void fields(auto& x, auto& f) {
      f("MemberId", x.member_id);
      f("GroupInstanceId", x.group_instance_id);
      f("Reason", x.reason, since(5));
    }
    friend bool operator==(const member&, const member&) = default;
  };

  std::string group_id;
  std::string member_id;
  std::vector<member> members;

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id);
    f("MemberId", x.member_id, until(2));
    f("Members", x.members, since(3));
  }
  friend bool operator==(const leave_group_request&, const leave_group_request&) = default;
};

/// LeaveGroup response (API key 13), v0–v5. Flexible since v4 (KIP-482).
struct leave_group_response {
  static constexpr api_key api = api_key::leave_group;

  struct member {
    std::string member_id;
    std::optional<std::string> group_instance_id = "";  // KIP-345
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("MemberId", x.member_id);
      f("GroupInstanceId", x.group_instance_id);
      f("ErrorCode", x.error_code);
    }
    friend bool operator==(const member&, const member&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<member> members;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("ErrorCode", x.error_code);
    f("Members", x.members, since(3));
  }
  friend bool operator==(const leave_group_response&, const leave_group_response&) = default;
};

}  // namespace tidegate::kafka
