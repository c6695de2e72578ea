#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// ListOffsets request (API key 2), v0–v11. Flexible since v6 (KIP-482).
struct list_offsets_request {
  static constexpr api_key api = api_key::list_offsets;

  struct partition {
    std::int32_t partition_index = 0;
    std::int32_t current_leader_epoch = -1;
    std::int64_t timestamp = 0;
    std::int32_t max_num_offsets = 1;  // v0 only

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("CurrentLeaderEpoch", x.current_leader_epoch, since(4));
      f("Timestamp", x.timestamp);
      f("MaxNumOffsets", x.max_num_offsets, only(0));
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

  std::int32_t replica_id = 0;
  std::int8_t isolation_level = 0;
  std::vector<topic> topics;
  std::int32_t timeout_ms = 0;

  static constexpr void fields(auto& x, auto& f) {
    f("ReplicaId", x.replica_id);
    f("IsolationLevel", x.isolation_level, since(2));
    f("Topics", x.topics);
    f("TimeoutMs", x.timeout_ms, since(10));
  }
  friend bool operator==(const list_offsets_request&, const list_offsets_request&) = default;
};

/// ListOffsets response (API key 2), v0–v11. Flexible since v6 (KIP-482).
struct list_offsets_response {
  static constexpr api_key api = api_key::list_offsets;

  struct partition {
    std::int32_t partition_index = 0;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::vector<std::int64_t> old_style_offsets;  // v0 only, newest first
    std::int64_t timestamp = -1;
    std::int64_t offset = -1;
    std::int32_t leader_epoch = -1;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("ErrorCode", x.error_code);
      f("OldStyleOffsets", x.old_style_offsets, only(0));
      f("Timestamp", x.timestamp, since(1));
      f("Offset", x.offset, since(1));
      f("LeaderEpoch", x.leader_epoch, since(4));
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
    f("ThrottleTimeMs", x.throttle_time_ms, since(2));
    f("Topics", x.topics);
  }
  friend bool operator==(const list_offsets_response&, const list_offsets_response&) = default;
};

}  // namespace tidegate::kafka
