#include "actors/handlers/topic_configs.hpp"

#include "actors/handlers/shown.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace tidegate::actors::handlers {

namespace {

// Kafka's type numbers.
constexpr std::int8_t type_boolean = 1;
constexpr std::int8_t type_string = 2;
constexpr std::int8_t type_int = 3;
constexpr std::int8_t type_long = 5;
constexpr std::int8_t type_list = 7;

struct known_config {
  const char* name;
  const char* default_value;
  std::int8_t type;
  std::int64_t least;
  const char* allowed;  // values of a string, separated by ','; "" = any
  const char* documentation;
};

constexpr const char* protects_groups = "retention.protect.groups";
constexpr const char* protect_max = "retention.protect.max.ms";

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::min();

/// The topic configs that tidegate keeps. Those whose only legal value is the default are there because clients set them.
constexpr std::array known{
  known_config{"cleanup.policy", "delete", type_list, no_limit, "delete", "Compaction is not offered."},
  known_config{"compression.type", "producer", type_string, no_limit, "producer",
               "Batches are stored as they were produced."},
  known_config{"max.message.bytes", "1048588", type_int, 0, "", "Largest record batch, in bytes."},
  known_config{"message.timestamp.type", "CreateTime", type_string, no_limit, "CreateTime,LogAppendTime",
               "Whose clock a record's timestamp is."},
  known_config{"min.insync.replicas", "1", type_int, 1, "", "The store's replication decides; kept for clients."},
  known_config{"retention.bytes", "-1", type_long, -1, "", "-1: keep for ever."},
  known_config{"retention.ms", "-1", type_long, -1, "", "-1: keep for ever."},
  known_config{protects_groups, "true", type_boolean, no_limit, "true,false",
               "Retention keeps what a group has not read."},
  known_config{protect_max, "", type_long, -1, "", "Age from which nothing is kept for groups any more; -1: none."},
};

std::string default_of(const known_config& config, const handler_settings& node) {
  if (config.name == protects_groups) return node.protects_groups ? "true" : "false";
  if (config.name == protect_max) return std::to_string(node.protect_max_ms);
  return config.default_value;
}

bool is_number(const std::string& value, std::int64_t least) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc{} && end == value.data() + value.size() && number >= least;
}

bool is_one_of(const std::string& value, std::string_view allowed) {
  while (!allowed.empty()) {
    auto comma = std::min(allowed.find(','), allowed.size());
    if (allowed.substr(0, comma) == value) return true;
    allowed.remove_prefix(std::min(comma + 1, allowed.size()));
  }
  return false;
}

}  // namespace

std::optional<std::string> check_topic_config(const std::string& name, const std::string& value) {
  auto found = std::find_if(known.begin(), known.end(), [&](const known_config& k) { return name == k.name; });
  if (found == known.end()) return "Unknown topic config name: " + shown(name);
  const bool number = found->type == type_int || found->type == type_long;
  const bool legal = number ? is_number(value, found->least) : is_one_of(value, found->allowed);
  if (!legal) return "Invalid value " + shown(value) + " for configuration " + name;
  return std::nullopt;
}

std::vector<shown_config> topic_configs(const smq::topic_info& topic, const handler_settings& node) {
  std::vector<shown_config> all;
  for (const auto& k : known) {
    auto set = topic.configs.find(k.name);
    const bool is_set = set != topic.configs.end();
    all.push_back({k.name, is_set ? set->second : default_of(k, node),
                   is_set ? shown_config::topic_source : shown_config::default_source, k.type, false,
                   k.documentation});
  }
  return all;
}

std::vector<shown_config> broker_configs(const services& node) {
  auto shown = [](const char* name, std::string value, std::int8_t type) {
    return shown_config{name, std::move(value), shown_config::static_broker_source, type, true, ""};
  };
  return {
    shown("auto.create.topics.enable", node.settings.auto_create_topics ? "true" : "false", type_boolean),
    shown("message.max.bytes", std::to_string(node.settings.message_max_bytes), type_int),
    shown("num.partitions", std::to_string(node.settings.num_partitions), type_int),
    shown("offset.metadata.max.bytes", std::to_string(node.settings.offset_metadata_max_bytes), type_int),
    shown("fetch.max.bytes", std::to_string(node.settings.fetch_max_bytes), type_int),
  };
}

}  // namespace tidegate::actors::handlers
