#pragma once

#include "actors/handlers/services.hpp"
#include "smq/topics/topic_info.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::actors::handlers {

/// A config as DescribeConfigs shows it; sources and types are Kafka's numbers (DescribeConfigsResponse).
struct shown_config {
  static constexpr std::int8_t topic_source = 1;
  static constexpr std::int8_t static_broker_source = 4;
  static constexpr std::int8_t default_source = 5;

  /// Where a value comes from, under the name that it has there.
  struct origin {
    std::string_view name;  // "": it has none, and is no synonym
    std::string value;
    std::int8_t source = default_source;
  };

  std::string_view name;
  std::int8_t type = 0;
  bool read_only = false;
  std::string_view documentation;
  std::vector<origin> origins;  // Kafka's order: the first is in force, the last is the default

  [[nodiscard]] const std::string& value() const { return origins.front().value; }
  [[nodiscard]] std::int8_t source() const { return origins.front().source; }
};

using config_values = std::map<std::string, std::string>;

/// One change of one config (KIP-339). `value`: null only to remove it.
struct config_edit {
  enum kind : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };  // Kafka's numbers

  std::string name;
  std::int8_t operation = set;
  std::optional<std::string> value;
};

/// Applies the edits in order and checks what they set, which is kept as Kafka shows it: " +5" is "5". Only a removal
/// may be without a value. The answer says what is wrong, in Kafka's words, and then `configs` mean nothing.
std::optional<std::string> edit_topic_configs(config_values& configs, const std::vector<config_edit>& edits);

/// Every config of a topic: set, or the default, which for some is the node's.
std::vector<shown_config> topic_configs(const smq::topic_info& topic, const handler_settings& node);

/// Those of this node; they are read-only.
std::vector<shown_config> broker_configs(const handler_settings& node);

}  // namespace tidegate::actors::handlers
