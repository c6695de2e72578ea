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

/// OffsetFetch request (API key 9), v0–v10. Flexible since v6 (KIP-482).
struct offset_fetch_request {
  static constexpr api_key api = api_key::offset_fetch;

  struct topic {
    std::string name;
    std::vector<std::int32_t> partition_indexes;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("PartitionIndexes", x.partition_indexes);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  struct group_topic {
    std::string name;
    uuid topic_id;
    std::vector<std::int32_t> partition_indexes;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, until(9));
      f("TopicId", x.topic_id, since(10));
      f("PartitionIndexes", x.partition_indexes);
    }
    friend bool operator==(const group_topic&, const group_topic&) = default;
  };

  struct group {
    std::string group_id;
    std::optional<std::string> member_id;
    std::int32_t member_epoch = -1;
    // Null asks for all partitions of the group.
    std::optional<std::vector<group_topic>> topics = std::vector<group_topic>{};

    static constexpr void fields(auto& x, auto& f) {
      f("GroupId", x.group_id);
      f("MemberId", x.member_id, since(9));
      f("MemberEpoch", x.member_epoch, since(9));
      f("Topics", x.topics);
    }
    friend bool operator==(const group&, const group&) = default;
  };

  std::string group_id;
  std::optional<std::vector<topic>> topics = std::vector<topic>{};  // null asks for all partitions of the group
  std::vector<group> groups;
  bool require_stable = false;

  static constexpr void fields(auto& x, auto& f) {
    f("GroupId", x.group_id, until(7));
    f("Topics", x.topics, until(7).nullable_since(2));
    f("Groups", x.groups, since(8));
    f("RequireStable", x.require_stable, since(7));
  }
  friend bool operator==(const offset_fetch_request&, const offset_fetch_request&) = default;
};

/// OffsetFetch response (API key 9), v0–v10. Flexible since v6 (KIP-482).
struct offset_fetch_response {
  static constexpr api_key api = api_key::offset_fetch;

  struct partition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;
    std::int32_t committed_leader_epoch = -1;
    std::optional<std::string> metadata = "";
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("CommittedOffset", x.committed_offset);
      f("CommittedLeaderEpoch", x.committed_leader_epoch, since(5));
      f("Metadata", x.metadata);
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

  struct group_partition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;
    std::int32_t committed_leader_epoch = -1;
    std::optional<std::string> metadata = "";
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("CommittedOffset", x.committed_offset);
      f("CommittedLeaderEpoch", x.committed_leader_epoch);
      f("Metadata", x.metadata);
      f("ErrorCode", x.error_code);
    }
    friend bool operator==(const group_partition&, const group_partition&) = default;
  };

  struct group_topic {
    std::string name;
    uuid topic_id;
    std::vector<group_partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, until(9));
      f("TopicId", x.topic_id, since(10));
      f("Partitions", x.partitions);
    }
    friend bool operator==(const group_topic&, const group_topic&) = default;
  };

  struct group {
    std::string group_id;
    std::vector<group_topic> topics;
    tidegate::error_code error_code = tidegate::error_code::none;

    static constexpr void fields(auto& x, auto& f) {
      f("GroupId", x.group_id);
      f("Topics", x.topics);
      f("ErrorCode", x.error_code);
    }
    friend bool operator==(const group&, const group&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<topic> topics;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<group> groups;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(3));
    f("Topics", x.topics, until(7));
    f("ErrorCode", x.error_code, between(2, 7));
    f("Groups", x.groups, since(8));
  }
  friend bool operator==(const offset_fetch_response&, const offset_fetch_response&) = default;
};

}  // namespace tidegate::kafka
