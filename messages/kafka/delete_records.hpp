#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DeleteRecords request (API key 21), v0-v2 (KIP-107). Flexible since v2.
struct delete_records_request {
  static constexpr api_key api = api_key::delete_records;

  struct partition {
    std::int32_t partition_index = 0;
    std::int64_t offset = -1;  // the first that stays; -1: the high watermark

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("Offset", x.offset);
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

  std::vector<topic> topics;
  std::int32_t timeout_ms = 0;

  static constexpr void fields(auto& x, auto& f) {
    f("Topics", x.topics);
    f("TimeoutMs", x.timeout_ms);
  }
  friend bool operator==(const delete_records_request&, const delete_records_request&) = default;
};

/// DeleteRecords response (API key 21), v0-v2 (KIP-107). Flexible since v2.
struct delete_records_response {
  static constexpr api_key api = api_key::delete_records;

  struct partition {
    std::int32_t partition_index = 0;
    std::int64_t low_watermark = -1;  // the log start; -1: with an error
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("LowWatermark", x.low_watermark);
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

  std::int32_t throttle_time_ms = 0;
  std::vector<topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("Topics", x.topics);
  }
  friend bool operator==(const delete_records_response&, const delete_records_response&) = default;
};

}  // namespace tidegate::kafka
