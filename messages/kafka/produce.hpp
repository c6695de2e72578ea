#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/error_code.hpp"
#include "messages/common/uuid.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// Produce request (API key 0), v3–v13. Flexible since v9 (KIP-482).
struct produce_request {
  static constexpr api_key api = api_key::produce;

  struct partition {
    std::int32_t index = 0;
    std::optional<shared_bytes> records = shared_bytes{};  // a slice of the request frame

    static constexpr void fields(auto& x, auto& f) {
      f("Index", x.index);
      f("Records", x.records);
    }
    friend bool operator==(const partition&, const partition&) = default;
  };

  struct topic {
    std::string name;
    uuid topic_id;
    std::vector<partition> partition_data;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, until(12));
      f("TopicId", x.topic_id, since(13));
      f("PartitionData", x.partition_data);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::optional<std::string> transactional_id;
  std::int16_t acks = 0;  // 0 gets no response
  std::int32_t timeout_ms = 0;
  std::vector<topic> topic_data;

  static constexpr void fields(auto& x, auto& f) {
    f("TransactionalId", x.transactional_id);
    f("Acks", x.acks);
    f("TimeoutMs", x.timeout_ms);
    f("TopicData", x.topic_data);
  }
  friend bool operator==(const produce_request&, const produce_request&) = default;
};

/// Produce response (API key 0), v3–v13. Flexible since v9 (KIP-482).
struct produce_response {
  static constexpr api_key api = api_key::produce;

  struct record_error {
    std::int32_t batch_index = 0;
    std::optional<std::string> batch_index_error_message;

    static constexpr void fields(auto& x, auto& f) {
      f("BatchIndex", x.batch_index);
      f("BatchIndexErrorMessage", x.batch_index_error_message);
    }
    friend bool operator==(const record_error&, const record_error&) = default;
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

  struct partition {
    std::int32_t index = 0;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::int64_t base_offset = 0;
    std::int64_t log_append_time_ms = -1;
    std::int64_t log_start_offset = -1;
    std::vector<record_error> record_errors;
    std::optional<std::string> error_message;
    leader_id_and_epoch current_leader;

    static constexpr void fields(auto& x, auto& f) {
      f("Index", x.index);
      f("ErrorCode", x.error_code);
      f("BaseOffset", x.base_offset);
      f("LogAppendTimeMs", x.log_append_time_ms);
      f("LogStartOffset", x.log_start_offset, since(5));
      f("RecordErrors", x.record_errors, since(8));
      f("ErrorMessage", x.error_message, since(8));
      f.tagged("CurrentLeader", x.current_leader, 0, since(10));
    }
    friend bool operator==(const partition&, const partition&) = default;
  };

  struct topic {
    std::string name;
    uuid topic_id;
    std::vector<partition> partition_responses;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, until(12));
      f("TopicId", x.topic_id, since(13));
      f("PartitionResponses", x.partition_responses);
    }
    friend bool operator==(const topic&, const topic&) = default;
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

  std::vector<topic> responses;
  std::int32_t throttle_time_ms = 0;
  std::vector<node_endpoint> node_endpoints;

  static constexpr void fields(auto& x, auto& f) {
    f("Responses", x.responses);
    f("ThrottleTimeMs", x.throttle_time_ms);
    f.tagged("NodeEndpoints", x.node_endpoints, 0, since(10));
  }
  friend bool operator==(const produce_response&, const produce_response&) = default;
};

}  // namespace tidegate::kafka
