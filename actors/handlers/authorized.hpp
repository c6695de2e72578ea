#pragma once

#include <cstdint>

/// Without authorization everybody may do everything that there is for a resource: bits of Kafka's AclOperation codes, as
/// Metadata, DescribeCluster and DescribeGroups answer them (KIP-430).
namespace tidegate::actors::handlers {

/// Create (5), alter (7), describe, cluster action, describe and alter configs, idempotent write (12).
inline constexpr std::int32_t all_cluster_operations = 1 << 5 | 0b111111 << 7;

/// Read (3), write, create, delete, alter, describe (8), describe configs (10), alter configs (11).
inline constexpr std::int32_t all_topic_operations = 0b111111 << 3 | 0b11 << 10;

/// Read (3), delete (6), describe (8), describe configs (10), alter configs (11).
inline constexpr std::int32_t all_group_operations = 1 << 3 | 1 << 6 | 1 << 8 | 0b11 << 10;

}  // namespace tidegate::actors::handlers
