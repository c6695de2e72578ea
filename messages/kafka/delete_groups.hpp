#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DeleteGroups request (API key 42), v0–v2. Flexible since v2 (KIP-482).
struct delete_groups_request {
  static constexpr api_key api = api_key::delete_groups;

  std::vector<std::string> groups_names;

  static constexpr void fields(auto& x, auto& f) { f("GroupsNames", x.groups_names); }
  friend bool operator==(const delete_groups_request&, const delete_groups_request&) = default;
};

/// DeleteGroups response (API key 42), v0–v2. Flexible since v2 (KIP-482).
struct delete_groups_response {
  static constexpr api_key api = api_key::delete_groups;

  struct result {
    std::string group_id;
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("GroupId", x.group_id);
      f("ErrorCode", x.error_code);
    }
    friend bool operator==(const result&, const result&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<result> results;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("Results", x.results);
  }
  friend bool operator==(const delete_groups_response&, const delete_groups_response&) = default;
};

}  // namespace tidegate::kafka
