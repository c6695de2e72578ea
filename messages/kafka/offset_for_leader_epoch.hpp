#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// OffsetForLeaderEpoch request (API key 23), v0–v4. Flexible since v4 (KIP-482).
struct offset_for_leader_epoch_request {
  static constexpr api_key api = api_key::offset_for_leader_epoch;

  struct leader_partition {
    std::int32_t partition = 0;
    std::int32_t current_leader_epoch = -1;
    std::int32_t leader_epoch = 0;

    static constexpr void fields(auto& x, auto& f) {
      f("Partition", x.partition);
      f("CurrentLeaderEpoch", x.current_leader_epoch, since(2));
      f("LeaderEpoch", x.leader_epoch);
    }
    friend bool operator==(const leader_partition&, const leader_partition&) = default;
  };

  struct leader_topic {
    std::string topic;
    std::vector<leader_partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Topic", x.topic);
      f("Partitions", x.partitions);
    }
    friend bool operator==(const leader_topic&, const leader_topic&) = default;
  };

  std::int32_t replica_id = -2;
  std::vector<leader_topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("ReplicaId", x.replica_id, since(3));
    f("Topics", x.topics);
  }
  friend bool operator==(const offset_for_leader_epoch_request&, const offset_for_leader_epoch_request&) = default;
};

/// OffsetForLeaderEpoch response (API key 23), v0–v4. Flexible since v4 (KIP-482).
struct offset_for_leader_epoch_response {
  static constexpr api_key api = api_key::offset_for_leader_epoch;

  struct epoch_end_offset {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::int32_t partition = 0;
    std::int32_t leader_epoch = -1;
    std::int64_t end_offset = -1;

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("Partition", x.partition);
      f("LeaderEpoch", x.leader_epoch, since(1));
      f("EndOffset", x.end_offset);
    }
    friend bool operator==(const epoch_end_offset&, const epoch_end_offset&) = default;
  };

  struct leader_topic {
    std::string topic;
    std::vector<epoch_end_offset> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Topic", x.topic);
      f("Partitions", x.partitions);
    }
    friend bool operator==(const leader_topic&, const leader_topic&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<leader_topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(2));
    f("Topics", x.topics);
  }
  friend bool operator==(const offset_for_leader_epoch_response&, const offset_for_leader_epoch_response&) = default;
};

}  // namespace tidegate::kafka
