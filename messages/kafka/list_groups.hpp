#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// ListGroups request (API key 16), v0–v5. Flexible since v3 (KIP-482).
struct list_groups_request {
  static constexpr api_key api = api_key::list_groups;

  std::vector<std::string> states_filter;
  std::vector<std::string> types_filter;

  static constexpr void fields(auto& x, auto& f) {
    f("StatesFilter", x.states_filter, since(4));
    f("TypesFilter", x.types_filter, since(5));
  }
  friend bool operator==(const list_groups_request&, const list_groups_request&) = default;
};

/// ListGroups response (API key 16), v0–v5. Flexible since v3 (KIP-482).
struct list_groups_response {
  static constexpr api_key api = api_key::list_groups;

  struct group {
    std::string group_id;
    std::string protocol_type;
    std::string group_state;
    std::string group_type;

    static constexpr void fields(auto& x, auto& f) {
      f("GroupId", x.group_id);
      f("ProtocolType", x.protocol_type);
      f("GroupState", x.group_state, since(4));
      f("GroupType", x.group_type, since(5));
    }
    friend bool operator==(const group&, const group&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<group> groups;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("ErrorCode", x.error_code);
    f("Groups", x.groups);
  }
  friend bool operator==(const list_groups_response&, const list_groups_response&) = default;
};

}  // namespace tidegate::kafka
