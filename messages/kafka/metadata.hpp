#pragma once

#include "messages/common/error_code.hpp"
#include "messages/common/uuid.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// Metadata request (API key 3), v0–v13. Flexible since v9 (KIP-482).
struct metadata_request {
  static constexpr api_key api = api_key::metadata;

  struct topic {
    uuid topic_id;
    std::optional<std::string> name = "";

    static constexpr void fields(auto& x, auto& f) {
      f("TopicId", x.topic_id, since(10));
      f("Name", x.name, nullable_since(10));
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::optional<std::vector<topic>> topics = std::vector<topic>{};  // null asks for all; in v0 empty does
  bool allow_auto_topic_creation = true;
  bool include_cluster_authorized_operations = false;
  bool include_topic_authorized_operations = false;

  static constexpr void fields(auto& x, auto& f) {
    f("Topics", x.topics, nullable_since(1));
    f("AllowAutoTopicCreation", x.allow_auto_topic_creation, since(4));
    f("IncludeClusterAuthorizedOperations", x.include_cluster_authorized_operations, between(8, 10));
    f("IncludeTopicAuthorizedOperations", x.include_topic_authorized_operations, since(8));
  }
  friend bool operator==(const metadata_request&, const metadata_request&) = default;
};

/// Metadata response (API key 3), v0–v13. Flexible since v9 (KIP-482).
struct metadata_response {
  static constexpr api_key api = api_key::metadata;

  struct broker {
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;

    static constexpr void fields(auto& x, auto& f) {
      f("NodeId", x.node_id);
      f("Host", x.host);
      f("Port", x.port);
      f("Rack", x.rack, since(1));
    }
    friend bool operator==(const broker&, const broker&) = default;
  };

  struct partition {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::int32_t partition_index = 0;
    std::int32_t leader_id = 0;
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replica_nodes;
    std::vector<std::int32_t> isr_nodes;
    std::vector<std::int32_t> offline_replicas;

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("PartitionIndex", x.partition_index);
      f("LeaderId", x.leader_id);
      f("LeaderEpoch", x.leader_epoch, since(7));
      f("ReplicaNodes", x.replica_nodes);
      f("IsrNodes", x.isr_nodes);
      f("OfflineReplicas", x.offline_replicas, since(5));
    }
    friend bool operator==(const partition&, const partition&) = default;
  };

  struct topic {
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> name = "";
    uuid topic_id;
    bool is_internal = false;
    std::vector<partition> partitions;
    std::int32_t topic_authorized_operations = std::numeric_limits<std::int32_t>::min();

    static constexpr void fields(auto& x, auto& f) {
      f("ErrorCode", x.error_code);
      f("Name", x.name, nullable_since(12));
      f("TopicId", x.topic_id, since(10));
      f("IsInternal", x.is_internal, since(1));
      f("Partitions", x.partitions);
      f("TopicAuthorizedOperations", x.topic_authorized_operations, since(8));
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<broker> brokers;
  std::optional<std::string> cluster_id;
  std::int32_t controller_id = -1;
  std::vector<topic> topics;
  std::int32_t cluster_authorized_operations = std::numeric_limits<std::int32_t>::min();
  tidegate::error_code error_code = tidegate::error_code::none;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(3));
    f("Brokers", x.brokers);
    f("ClusterId", x.cluster_id, since(2));
    f("ControllerId", x.controller_id, since(1));
    f("Topics", x.topics);
    f("ClusterAuthorizedOperations", x.cluster_authorized_operations, between(8, 10));
    f("ErrorCode", x.error_code, since(13));
  }
  friend bool operator==(const metadata_response&, const metadata_response&) = default;
};

}  // namespace tidegate::kafka
