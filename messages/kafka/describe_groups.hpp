#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DescribeGroups request (API key 15), v0–v6. Flexible since v5 (KIP-482).
struct describe_groups_request {
  static constexpr api_key api = api_key::describe_groups;

  std::vector<std::string> groups;
  bool include_authorized_operations = false;

  static constexpr void fields(auto& x, auto& f) {
    f("Groups", x.groups);
    f("IncludeAuthorizedOperations", x.include_authorized_operations, since(3));
  }
  friend bool operator==(const describe_groups_request&, const describe_groups_request&) = default;
};

/// DescribeGroups response (API key 15), v0–v6. Flexible since v5 (KIP-482).
struct describe_groups_response {
  static constexpr api_key api = api_key::describe_groups;

  struct member {
    std::string member_id;
    std::optional<std::string> group_instance_id;  // KIP-345
    std::string client_id;
    std::string client_host;
    byte_buffer member_metadata;
    byte_buffer member_assignment;

    static constexpr void fields(auto& x, auto& f) {
      f("MemberId", x.member_id);
      f("GroupInstanceId", x.group_instance_id, since(4));
      f("ClientId", x.client_id);
      f("ClientHost", x.client_host);
      f("MemberMetadata", x.member_metadata);
      f("MemberAssignment", x.member_assignment);
    }
    friend bool operator==(const member&, const member&) = default;
  };

  struct group {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;
    std::string protocol_type;
    std::string protocol_data;
    std::vector<member> members;
    std::int32_t authorized_operations = std::numeric_limits<std::int32_t>::min();

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message, since(6));
      f("GroupId", x.group_id);
      f("GroupState", x.group_state);
      f("ProtocolType", x.protocol_type);
      f("ProtocolData", x.protocol_data);
      f("Members", x.members);
      f("AuthorizedOperations", x.authorized_operations, since(3));
    }
    friend bool operator==(const group&, const group&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<group> groups;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("Groups", x.groups);
  }
  friend bool operator==(const describe_groups_response&, const describe_groups_response&) = default;
};

}  // namespace tidegate::kafka
