#include "messages/kafka/describe_cluster.hpp"

#include "actors/handlers/authorized.hpp"
#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"

namespace tidegate::actors::handlers {

namespace {

constexpr std::int8_t brokers = 1;
constexpr std::int8_t controllers = 2;

}  // namespace

/// DescribeCluster (API key 60), with the node id and address of Metadata.
/// Errors: mismatched_endpoint_type (controllers are asked for), unsupported_endpoint_type.
void describe_cluster(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::describe_cluster_request>();
  if (!asked) return;
  kafka::describe_cluster_response response;
  response.endpoint_type = brokers;
  if (asked->endpoint_type != brokers) {
    const bool is_known = asked->endpoint_type == controllers;
    response.error_code = is_known ? error_code::mismatched_endpoint_type : error_code::unsupported_endpoint_type;
    response.error_message = is_known ? "The request was sent to an endpoint of type BROKER, but we wanted an endpoint "
                                        "of type CONTROLLER"
                                      : "Unsupported endpoint type " + std::to_string(asked->endpoint_type);
    return r->answer(response);
  }
  response.cluster_id = node.cluster_id;
  response.controller_id = node.node_id;
  response.brokers.push_back({node.node_id, node.host, node.port, std::nullopt, false});
  if (asked->include_cluster_authorized_operations) response.cluster_authorized_operations = all_cluster_operations;
  r->answer(response);
}

}  // namespace tidegate::actors::handlers
