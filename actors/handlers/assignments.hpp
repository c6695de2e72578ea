#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::actors::handlers {

/// What is wrong with the brokers that a request assigns to one new partition, in Kafka's words; "" = nothing: this node
/// is all of them.
/// Source: Kafka's ReplicationControlManager.validateManualPartitionAssignment.
inline std::string check_assignment(const std::vector<std::int32_t>& brokers, std::int32_t node_id) {
  const std::string assignment = "The manual partition assignment includes ";
  if (brokers.empty()) return assignment + "an empty replica list.";
  for (const auto broker : brokers)
    if (broker != node_id)
      return assignment + "broker " + std::to_string(broker) + ", but no such broker is registered.";
  if (brokers.size() > 1) return assignment + "the broker " + std::to_string(node_id) + " more than once.";
  return {};
}

}  // namespace tidegate::actors::handlers
