#pragma once

#include <cstdint>

/// What configs belong to, in DescribeConfigs, AlterConfigs and ListConfigResources (KIP-1142). Source: ConfigResource.
namespace tidegate::kafka::config_resource {

inline constexpr std::int8_t topic = 2;
inline constexpr std::int8_t broker = 4;
inline constexpr std::int8_t broker_logger = 8;
inline constexpr std::int8_t client_metrics = 16;
inline constexpr std::int8_t group = 32;

}  // namespace tidegate::kafka::config_resource
