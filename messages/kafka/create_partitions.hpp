#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// CreatePartitions request (API key 37), v0–v3. Flexible since v2 (KIP-482).
struct create_partitions_request {
  static constexpr api_key api = api_key::create_partitions;

  struct assignment {
    std::vector<std::int32_t> broker_ids;

    static constexpr void fields(auto& x, auto& f) { f("BrokerIds", x.broker_ids); }
    friend bool operator==(const assignment&, const assignment&) = default;
  };

  struct topic {
    std::string name;
    std::int32_t count = 0;  // of all partitions, the new ones included
    std::optional<std::vector<assignment>> assignments = std::vector<assignment>{};  // one per new partition

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Count", x.count);
      f("Assignments", x.assignments);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::vector<topic> topics;
  std::int32_t timeout_ms = 0;
  bool validate_only = false;

  static constexpr void fields(auto& x, auto& f) {
    f("Topics", x.topics);
    f("TimeoutMs", x.timeout_ms);
    f("ValidateOnly", x.validate_only);
  }
  friend bool operator==(const create_partitions_request&, const create_partitions_request&) = default;
};

/// CreatePartitions response (API key 37), v0–v3. Flexible since v2 (KIP-482).
struct create_partitions_response {
  static constexpr api_key api = api_key::create_partitions;

  struct result {
    std::string name;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message);
    }
    friend bool operator==(const result&, const result&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<result> results;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("Results", x.results);
  }
  friend bool operator==(const create_partitions_response&, const create_partitions_response&) = default;
};

}  // namespace tidegate::kafka
