#pragma once

#include "messages/common/error_code.hpp"
#include "messages/common/uuid.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// OffsetCommit request (API key 8), v0–v10. Flexible since v8 (KIP-482).
struct offset_commit_request {
  static constexpr api_key api = api_key::offset_commit;

  struct partition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;
    std::int32_t committed_leader_epoch = -1;
    std::int64_t commit_timestamp = -1;  // v1 only
    std::optional<std::string> committed_metadata = "";

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("CommittedOffset", x.committed_offset);
      f("CommittedLeaderEpoch", x.committed_leader_epoch, since(6));
      f("CommitTimestamp", x.commit_timestamp, only(1));
      f("CommittedMetadata", x.committed_metadata);
    }
    friend bool operator==(const partition&, const partition&) = default;
  };

  struct topic {
    std::string name;
    uuid topic_id;
    std::vector<partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, until(9));
      f("TopicId", x.topic_id, since(10));
      f("Partitions", x.partitions);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::string group_id;
  std::int32_t generation_id_or_member_epoch = -1;
  std::string member_id;
  std::optional<std::string> group_instance_id;  // KIP-345
  std::int64_t retention_time_ms = -1;           // removed by KIP-211
  std::vector<topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id);
    f("GenerationIdOrMemberEpoch", x.generation_id_or_member_epoch, since(1));
    f("MemberId", x.member_id, since(1));
    f("GroupInstanceId", x.group_instance_id, since(7));
    f("RetentionTimeMs", x.retention_time_ms, between(2, 4));
    f("Topics", x.topics);
  }
  friend bool operator==(const offset_commit_request&, const offset_commit_request&) = default;
};

/// OffsetCommit response (API key 8), v0–v10. Flexible since v8 (KIP-482).
struct offset_commit_response {
  static constexpr api_key api = api_key::offset_commit;

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
    uuid topic_id;
    std::vector<partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, until(9));
      f("TopicId", x.topic_id, since(10));
      f("Partitions", x.partitions);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(3));
    f("Topics", x.topics);
  }
  friend bool operator==(const offset_commit_response&, const offset_commit_response&) = default;
};

}  // namespace tidegate::kafka
