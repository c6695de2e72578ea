#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// OffsetDelete request (API key 47), v0 (KIP-496). Never flexible.
struct offset_delete_request {
  static constexpr api_key api = api_key::offset_delete;

  struct partition {
    std::int32_t partition_index = 0;

    static constexpr void fields(auto& x, auto& f) { f("PartitionIndex", x.partition_index); }
    friend bool operator==(const partition&, const partition&) = default;
  };

  struct topic {
    std::string name;
    std::vector<partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Partitions", x.partitions);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::string group_id;
  std::vector<topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id);
    f("Topics", x.topics);
  }
  friend bool operator==(const offset_delete_request&, const offset_delete_request&) = default;
};

/// OffsetDelete response (API key 47), v0 (KIP-496). Never flexible.
struct offset_delete_response {
  static constexpr api_key api = api_key::offset_delete;

  struct partition {
    std::int32_t partition_index = 0;
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("ErrorCode", x.error_code);
    }
    friend bool operator==(const partition&, const partition&) = default;
  };

  struct topic {
    std::string name;
    std::vector<partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Partitions", x.partitions);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  tidegate::error_code error_code = tidegate::error_code::none;
  std::int32_t throttle_time_ms = 0;
  std::vector<topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("ErrorCode", x.error_code);
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("Topics", x.topics);
  }
  friend bool operator==(const offset_delete_response&, const offset_delete_response&) = default;
};

}  // namespace tidegate::kafka
