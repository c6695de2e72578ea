#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DescribeCluster request (API key 60), v0–v2. Flexible in all versions.
struct describe_cluster_request {
  static constexpr api_key api = api_key::describe_cluster;

  bool include_cluster_authorized_operations = false;
  std::int8_t endpoint_type = 1;  // 1: brokers, 2: controllers (KIP-919)
  bool include_fenced_brokers = false;

  static constexpr void fields(auto& x, auto& f) {
    f("IncludeClusterAuthorizedOperations", x.include_cluster_authorized_operations);
    f("EndpointType", x.endpoint_type, since(1));
    f("IncludeFencedBrokers", x.include_fenced_brokers, since(2));
  }
  friend bool operator==(const describe_cluster_request&, const describe_cluster_request&) = default;
};

/// DescribeCluster response (API key 60), v0–v2. Flexible in all versions.
struct describe_cluster_response {
  static constexpr api_key api = api_key::describe_cluster;

  struct broker {
    std::int32_t broker_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
    bool is_fenced = false;

    static constexpr void fields(auto& x, auto& f) {
      f("BrokerId", x.broker_id);
      f("Host", x.host);
      f("Port", x.port);
      f("Rack", x.rack);
      f("IsFenced", x.is_fenced, since(2));
    }
    friend bool operator==(const broker&, const broker&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::optional<std::string> error_message;
  std::int8_t endpoint_type = 1;
  std::string cluster_id;
  std::int32_t controller_id = -1;
  std::vector<broker> brokers;
  std::int32_t cluster_authorized_operations = INT32_MIN;  // not asked for

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("ErrorCode", x.error_code);
    f("ErrorMessage", x.error_message);
    f("EndpointType", x.endpoint_type, since(1));
    f("ClusterId", x.cluster_id);
    f("ControllerId", x.controller_id);
    f("Brokers", x.brokers);
    f("ClusterAuthorizedOperations", x.cluster_authorized_operations);
  }
  friend bool operator==(const describe_cluster_response&, const describe_cluster_response&) = default;
};

}  // namespace tidegate::kafka
