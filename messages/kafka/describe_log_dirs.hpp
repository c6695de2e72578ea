#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DescribeLogDirs request (API key 35), v0–v5. Flexible since v2 (KIP-482).
struct describe_log_dirs_request {
  static constexpr api_key api = api_key::describe_log_dirs;

  struct topic {
    std::string name;
    std::vector<std::int32_t> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Topic", x.name);
      f("Partitions", x.partitions);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::optional<std::vector<topic>> topics = std::vector<topic>{};  // null: all

  static constexpr void fields(auto& x, auto& f) { f("Topics", x.topics); }
  friend bool operator==(const describe_log_dirs_request&, const describe_log_dirs_request&) = default;
};

/// DescribeLogDirs response (API key 35), v0–v5. Flexible since v2 (KIP-482).
struct describe_log_dirs_response {
  static constexpr api_key api = api_key::describe_log_dirs;

  struct partition {
    std::int32_t partition_index = 0;
    std::int64_t partition_size = 0;
    std::int64_t offset_lag = 0;
    bool is_future_key = false;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("PartitionSize", x.partition_size);
      f("OffsetLag", x.offset_lag);
      f("IsFutureKey", x.is_future_key);
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

  struct result {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::string log_dir;
    std::vector<topic> topics;
    std::int64_t total_bytes = -1;   // of the volume; -1: not known
    std::int64_t usable_bytes = -1;  // KIP-827
    bool is_cordoned = false;

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("LogDir", x.log_dir);
      f("Topics", x.topics);
      f("TotalBytes", x.total_bytes, since(4));
      f("UsableBytes", x.usable_bytes, since(4));
      f("IsCordoned", x.is_cordoned, since(5));
    }
    friend bool operator==(const result&, const result&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<result> results;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("ErrorCode", x.error_code, since(3));
    f("Results", x.results);
  }
  friend bool operator==(const describe_log_dirs_response&, const describe_log_dirs_response&) = default;
};

}  // namespace tidegate::kafka
