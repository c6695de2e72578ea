#pragma once

#include "messages/common/bytes.hpp"
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

/// Fetch request (API key 1), v4–v18. Flexible since v12 (KIP-482).
struct fetch_request {
  static constexpr api_key api = api_key::fetch;

  struct replica {
    std::int32_t replica_id = -1;
    std::int64_t replica_epoch = -1;

    static constexpr void fields(auto& x, auto& f) {
      f("ReplicaId", x.replica_id);
      f("ReplicaEpoch", x.replica_epoch);
    }
    friend bool operator==(const replica&, const replica&) = default;
  };

  struct fetch_partition {
    std::int32_t partition = 0;
    std::int32_t current_leader_epoch = -1;
    std::int64_t fetch_offset = 0;
    std::int32_t last_fetched_epoch = -1;
    std::int64_t log_start_offset = -1;
    std::int32_t partition_max_bytes = 0;
    uuid replica_directory_id;
    std::int64_t high_watermark = std::numeric_limits<std::int64_t>::max();

    static constexpr void fields(auto& x, auto& f) {
      f("Partition", x.partition);
      f("CurrentLeaderEpoch", x.current_leader_epoch, since(9));
      f("FetchOffset", x.fetch_offset);
      f("LastFetchedEpoch", x.last_fetched_epoch, since(12));
      f("LogStartOffset", x.log_start_offset, since(5));
      f("PartitionMaxBytes", x.partition_max_bytes);
      f.tagged("ReplicaDirectoryId", x.replica_directory_id, 0, since(17));
      f.tagged("HighWatermark", x.high_watermark, 1, since(18), std::numeric_limits<std::int64_t>::max());
    }
    friend bool operator==(const fetch_partition&, const fetch_partition&) = default;
  };

  struct fetch_topic {
    std::string topic;
    uuid topic_id;
    std::vector<fetch_partition> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Topic", x.topic, until(12));
      f("TopicId", x.topic_id, since(13));
      f("Partitions", x.partitions);
    }
    friend bool operator==(const fetch_topic&, const fetch_topic&) = default;
  };

  struct forgotten_topic {
    std::string topic;
    uuid topic_id;
    std::vector<std::int32_t> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Topic", x.topic, until(12));
      f("TopicId", x.topic_id, since(13));
      f("Partitions", x.partitions);
    }
    friend bool operator==(const forgotten_topic&, const forgotten_topic&) = default;
  };

  std::optional<std::string> cluster_id;
  std::int32_t replica_id = -1;
  replica replica_state;
  std::int32_t max_wait_ms = 0;
  std::int32_t min_bytes = 0;
  std::int32_t max_bytes = std::numeric_limits<std::int32_t>::max();
  std::int8_t isolation_level = 0;
  std::int32_t session_id = 0;
  std::int32_t session_epoch = -1;  // -1: no session (KIP-227)
  std::vector<fetch_topic> topics;
  std::vector<forgotten_topic> forgotten_topics_data;
  std::string rack_id;

  static constexpr void fields(auto& x, auto& f) {
    f.tagged("ClusterId", x.cluster_id, 0, since(12));
    f("ReplicaId", x.replica_id, until(14));
    f.tagged("ReplicaState", x.replica_state, 1, since(15));
    f("MaxWaitMs", x.max_wait_ms);
    f("MinBytes", x.min_bytes);
    f("MaxBytes", x.max_bytes);
    f("IsolationLevel", x.isolation_level);
    f("SessionId", x.session_id, since(7));
    f("SessionEpoch", x.session_epoch, since(7));
    f("Topics", x.topics);
    f("ForgottenTopicsData", x.forgotten_topics_data, since(7));
    f("RackId", x.rack_id, since(11));
  }
  friend bool operator==(const fetch_request&, const fetch_request&) = default;
};

/// Fetch response (API key 1), v4–v18. Flexible since v12 (KIP-482).
struct fetch_response {
  static constexpr api_key api = api_key::fetch;

  struct epoch_end_offset {
    std::int32_t epoch = -1;
    std::int64_t end_offset = -1;

    static constexpr void fields(auto& x, auto& f) {
      f("Epoch", x.epoch);
      f("EndOffset", x.end_offset);
    }
    friend bool operator==(const epoch_end_offset&, const epoch_end_offset&) = default;
  };

  struct leader_id_and_epoch {
    std::int32_t leader_id = -1;
    std::int32_t leader_epoch = -1;

    static constexpr void fields(auto& x, auto& f) {
      f("LeaderId", x.leader_id);
      f("LeaderEpoch", x.leader_epoch);
    }
    friend bool operator==(const leader_id_and_epoch&, const leader_id_and_epoch&) = default;
  };

  struct snapshot {
    std::int64_t end_offset = -1;
    std::int32_t epoch = -1;

    static constexpr void fields(auto& x, auto& f) {
      f("EndOffset", x.end_offset);
      f("Epoch", x.epoch);
    }
    friend bool operator==(const snapshot&, const snapshot&) = default;
  };

  struct aborted_transaction {
    std::int64_t producer_id = 0;
    std::int64_t first_offset = 0;

    static constexpr void fields(auto& x, auto& f) {
      f("ProducerId", x.producer_id);
      f("FirstOffset", x.first_offset);
    }
    friend bool operator==(const aborted_transaction&, const aborted_transaction&) = default;
  };

  struct partition_data {
    std::int32_t partition_index = 0;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::int64_t high_watermark = 0;
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
    epoch_end_offset diverging_epoch;
    leader_id_and_epoch current_leader;
    snapshot snapshot_id;
    std::optional<std::vector<aborted_transaction>> aborted_transactions = std::vector<aborted_transaction>{};
    std::int32_t preferred_read_replica = -1;
    // Any number of slices, sent as one run.
    std::optional<std::vector<shared_bytes>> records = std::vector<shared_bytes>{};

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("ErrorCode", x.error_code);
      f("HighWatermark", x.high_watermark);
      f("LastStableOffset", x.last_stable_offset);
      f("LogStartOffset", x.log_start_offset, since(5));
      f.tagged("DivergingEpoch", x.diverging_epoch, 0, since(12));
      f.tagged("CurrentLeader", x.current_leader, 1, since(12));
      f.tagged("SnapshotId", x.snapshot_id, 2, since(12));
      f("AbortedTransactions", x.aborted_transactions);
      f("PreferredReadReplica", x.preferred_read_replica, since(11));
      f("Records", x.records);
    }
    friend bool operator==(const partition_data&, const partition_data&) = default;
  };

  struct fetchable_topic {
    std::string topic;
    uuid topic_id;
    std::vector<partition_data> partitions;

    static constexpr void fields(auto& x, auto& f) {
      f("Topic", x.topic, until(12));
      f("TopicId", x.topic_id, since(13));
      f("Partitions", x.partitions);
    }
    friend bool operator==(const fetchable_topic&, const fetchable_topic&) = default;
  };

  struct node_endpoint {
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;

    static constexpr void fields(auto& x, auto& f) {
      f("NodeId", x.node_id);
      f("Host", x.host);
      f("Port", x.port);
      f("Rack", x.rack);
    }
    friend bool operator==(const node_endpoint&, const node_endpoint&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::int32_t session_id = 0;
  std::vector<fetchable_topic> responses;
  std::vector<node_endpoint> node_endpoints;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("ErrorCode", x.error_code, since(7));
    f("SessionId", x.session_id, since(7));
    f("Responses", x.responses);
    f.tagged("NodeEndpoints", x.node_endpoints, 0, since(16));
  }
  friend bool operator==(const fetch_response&, const fetch_response&) = default;
};

}  // namespace tidegate::kafka
