#pragma once

#include "actors/services.hpp"
#include "smq/topics/topic_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::actors::handlers {

/// A config as DescribeConfigs shows it; sources and types are Kafka's numbers (DescribeConfigsResponse).
struct shown_config {
  static constexpr std::int8_t topic_source = 1;
  static constexpr std::int8_t static_broker_source = 4;
  static constexpr std::int8_t default_source = 5;

  std::string name;
  std::string value;
  std::int8_t source = default_source;
  std::int8_t type = 0;
  bool read_only = false;
  std::string documentation;
};

/// What is wrong with a topic config in CreateTopics; nothing: it is accepted.
std::optional<std::string> check_topic_config(const std::string& name, const std::string& value);

/// Every config of a topic, set or default.
std::vector<shown_config> topic_configs(const smq::topic_info& topic, const handler_settings& node);

std::vector<shown_config> broker_configs(const services& node);

}  // namespace tidegate::actors::handlers
