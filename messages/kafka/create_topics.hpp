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

/// CreateTopics request (API key 19), v0–v7. Flexible since v5 (KIP-482).
struct create_topics_request {
  static constexpr api_key api = api_key::create_topics;

  struct replica_assignment {
    std::int32_t partition_index = 0;
    std::vector<std::int32_t> broker_ids;

    static constexpr void fields(auto& x, auto& f) {
      f("PartitionIndex", x.partition_index);
      f("BrokerIds", x.broker_ids);
    }
    friend bool operator==(const replica_assignment&, const replica_assignment&) = default;
  };

  struct config {
    std::string name;
    std::optional<std::string> value = "";

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Value", x.value);
    }
    friend bool operator==(const config&, const config&) = default;
  };

  struct topic {
    std::string name;
    std::int32_t num_partitions = 0;
    std::int16_t replication_factor = 0;
    std::vector<replica_assignment> assignments;
    std::vector<config> configs;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("NumPartitions", x.num_partitions);
      f("ReplicationFactor", x.replication_factor);
      f("Assignments", x.assignments);
      f("Configs", x.configs);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::vector<topic> topics;
  std::int32_t timeout_ms = 60000;
  bool validate_only = false;

  static constexpr void fields(auto& x, auto& f) {
    f("Topics", x.topics);
    f("timeoutMs", x.timeout_ms);
    f("validateOnly", x.validate_only, since(1));
  }
  friend bool operator==(const create_topics_request&, const create_topics_request&) = default;
};

/// CreateTopics response (API key 19), v0–v7. Flexible since v5 (KIP-482).
struct create_topics_response {
  static constexpr api_key api = api_key::create_topics;

  struct config {
    std::string name;
    std::optional<std::string> value = "";
    bool read_only = false;
    std::int8_t config_source = -1;
    bool is_sensitive = false;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("Value", x.value);
      f("ReadOnly", x.read_only);
      f("ConfigSource", x.config_source);
      f("IsSensitive", x.is_sensitive);
    }
    friend bool operator==(const config&, const config&) = default;
  };

  struct topic {
    std::string name;
    uuid topic_id;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message = "";
    tidegate::error_code topic_config_error_code = tidegate::error_code::none;
    std::int32_t num_partitions = -1;
    std::int16_t replication_factor = -1;
    std::optional<std::vector<config>> configs = std::vector<config>{};

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("TopicId", x.topic_id, since(7));
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message, since(1));
      f.tagged("TopicConfigErrorCode", x.topic_config_error_code, 0, since(5));
      f("NumPartitions", x.num_partitions, since(5));
      f("ReplicationFactor", x.replication_factor, since(5));
      f("Configs", x.configs, since(5));
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<topic> topics;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(2));
    f("Topics", x.topics);
  }
  friend bool operator==(const create_topics_response&, const create_topics_response&) = default;
};

}  // namespace tidegate::kafka
