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

/// JoinGroup request (API key 11), v0–v9. Flexible since v6 (KIP-482).
struct join_group_request {
  static constexpr api_key api = api_key::join_group;

  struct protocol {
    std::string name;
    byte_buffer metadata;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Metadata", x.metadata);
    }
    friend bool operator==(const protocol&, const protocol&) = default;
  };

  std::string group_id;
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = -1;  // v0: the session timeout
  std::string member_id;
  std::optional<std::string> group_instance_id;  // KIP-345
  std::string protocol_type;
  std::vector<protocol> protocols;
  std::optional<std::string> reason;

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id);
    f("SessionTimeoutMs", x.session_timeout_ms);
    f("RebalanceTimeoutMs", x.rebalance_timeout_ms, since(1));
    f("MemberId", x.member_id);
    f("GroupInstanceId", x.group_instance_id, since(5));
    f("ProtocolType", x.protocol_type);
    f("Protocols", x.protocols);
    f("Reason", x.reason, since(8));
  }
  friend bool operator==(const join_group_request&, const join_group_request&) = default;
};

/// JoinGroup response (API key 11), v0–v9. Flexible since v6 (KIP-482).
struct join_group_response {
  static constexpr api_key api = api_key::join_group;

  struct member {
    std::string member_id;
    std::optional<std::string> group_instance_id;  // KIP-345
    byte_buffer metadata;

    static constexpr void fields(auto& x, auto& f) {
      f("MemberId", x.member_id);
      f("GroupInstanceId", x.group_instance_id, since(5));
      f("Metadata", x.metadata);
    }
    friend bool operator==(const member&, const member&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::int32_t generation_id = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name = "";
  std::string leader;
  bool skip_assignment = false;
  std::string member_id;
  std::vector<member> members;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(2));
    f("ErrorCode", x.error_code);
    f("GenerationId", x.generation_id);
    f("ProtocolType", x.protocol_type, since(7));
    f("ProtocolName", x.protocol_name, nullable_since(7));
    f("Leader", x.leader);
    f("SkipAssignment", x.skip_assignment, since(9));
    f("MemberId", x.member_id);
    f("Members", x.members);
  }
  friend bool operator==(const join_group_response&, const join_group_response&) = default;
};

}  // namespace tidegate::kafka
