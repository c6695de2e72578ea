#include "actors/handlers/topic_configs.hpp"

#include "actors/handlers/shown.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>

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

// Their defaults are the node's.
constexpr const char* max_message_bytes = "max.message.bytes";
constexpr const char* protects_groups = "retention.protect.groups";
constexpr const char* protect_max = "retention.protect.max.ms";

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::min();

/// The topic configs that tidegate keeps. Those whose only legal value is the default are there because clients set them.
constexpr std::array known{
  known_config{"cleanup.policy", "delete", type_list, no_limit, "delete",
               "Compaction is not offered; empty: retention deletes nothing."},
  known_config{"compression.type", "producer", type_string, no_limit, "producer",
               "Batches are stored as they were produced."},
  known_config{max_message_bytes, "1048588", type_int, 0, "", "Largest record batch, in bytes."},
  known_config{"message.timestamp.after.max.ms", "3600000", type_long, 0, "",
               "How far a record's timestamp may be ahead of the node's clock."},
  known_config{"message.timestamp.type", "CreateTime", type_string, no_limit, "CreateTime,LogAppendTime",
               "Whose clock a record's timestamp is."},
  known_config{"min.insync.replicas", "1", type_int, 1, "", "The store's replication decides; kept for clients."},
  known_config{"retention.bytes", "-1", type_long, -1, "", "-1: keep for ever."},
  known_config{"retention.ms", "-1", type_long, -1, "", "-1: keep for ever."},
  known_config{protects_groups, "true", type_boolean, no_limit, "",
               "Retention keeps what a group has not read."},
  known_config{protect_max, "7776000000", type_long, -1, "", "Age from which nothing is kept for groups any more; -1: none."},
};

/// Of a topic that does not say; for some it is the node's.
std::string default_of(const known_config& config, const handler_settings& node) {
  const std::string_view name = config.name;
  if (name == protects_groups) return node.protects_groups ? "true" : "false";
  if (name == protect_max) return std::to_string(node.protect_max_ms);
  if (name == max_message_bytes) return std::to_string(node.message_max_bytes);
  return config.default_value;
}

const known_config* find_known(std::string_view name) {
  auto found = std::find_if(known.begin(), known.end(), [&](const known_config& k) { return name == k.name; });
  return found == known.end() ? nullptr : &*found;
}

/// Without spaces around it, as Java's String.trim: whatever is not above ' '.
std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto part = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, const char* between) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : between) + part;
  return all;
}

/// A value in the form in which it is stored and shown, or what is wrong with it, in Kafka's words.
struct reading {
  std::string value;
  std::string problem;
};

reading read_number(const known_config& config, std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_int = config.type == type_int;
  const auto most = is_int ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int64_t>::max();
  if (error != std::errc{} || end != text.data() + text.size() || number > most)
    return {{}, std::string("Not a number of type ") + (is_int ? "INT" : "LONG")};
  if (number < config.least) return {{}, "Value must be at least " + std::to_string(config.least)};
  return {std::to_string(number), {}};
}

reading read_boolean(std::string_view text) {
  std::string value(text);
  for (auto& c : value)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (value != "true" && value != "false") return {{}, "Expected value to be either true or false"};
  return {std::move(value), {}};
}

reading read_words(const known_config& config, const std::vector<std::string>& words) {
  const auto allowed = split(config.allowed);
  for (const auto& word : words)
    if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
      return {{}, "String must be one of: " + join(allowed, ", ")};
  return {join(words, ","), {}};
}

/// Source: Kafka's ConfigDef.parseType and its validators.
reading read_value(const known_config& config, const std::string& given) {
  const auto text = trimmed(given);
  switch (config.type) {
    case type_boolean: return read_boolean(text);
    case type_int:
    case type_long: return read_number(config, text);
    case type_list: return read_words(config, split(text));
    default: return read_words(config, {std::string(text)});
  }
}

/// What an edit makes of a list. Source: Kafka's ConfigurationControlManager.incrementalAlterConfigResource.
std::string edited_list(const config_values& configs, const known_config& config, const config_edit& edit) {
  const auto set = configs.find(edit.name);
  auto words = split(set == configs.end() ? config.default_value : set->second);
  const auto named = split(*edit.value);
  if (edit.operation == config_edit::append) {
    std::set<std::string> present(words.begin(), words.end());
    for (const auto& word : named)
      if (present.insert(word).second) words.push_back(word);
  } else {
    const std::set<std::string> unwanted(named.begin(), named.end());
    std::erase_if(words, [&](const std::string& word) { return unwanted.count(word) > 0; });
  }
  return join(words, ",");
}

std::optional<std::string> edit_config(config_values& configs, const config_edit& edit) {
  const auto* config = find_known(edit.name);
  const bool is_of_list = edit.operation != config_edit::set;
  if (is_of_list && (config == nullptr || config->type != type_list))
    return std::string("Can't ") + (edit.operation == config_edit::append ? "APPEND" : "SUBTRACT") + " to key " +
           shown(edit.name) + " because its type is not LIST.";
  if (config == nullptr) return "Unknown topic config name: " + shown(edit.name);
  const auto text = is_of_list ? edited_list(configs, *config, edit) : *edit.value;
  auto read = read_value(*config, text);
  if (!read.problem.empty())
    return "Invalid value " + shown(text) + " for configuration " + edit.name + ": " + read.problem;
  configs[edit.name] = std::move(read.value);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> edit_topic_configs(config_values& configs, const std::vector<config_edit>& edits) {
  for (const auto& edit : edits) {
    if (edit.operation == config_edit::remove)
      configs.erase(edit.name);
    else if (auto problem = edit_config(configs, edit))
      return problem;
  }
  return std::nullopt;
}

std::vector<shown_config> topic_configs(const smq::topic_info& topic, const handler_settings& node) {
  std::vector<shown_config> all;
  for (const auto& k : known) {
    auto& config = all.emplace_back(
      shown_config{k.name, default_of(k, node), shown_config::default_source, k.type, false, k.documentation});
    if (config.value != k.default_value) config.source = shown_config::static_broker_source;
    if (auto set = topic.configs.find(k.name); set != topic.configs.end()) {
      config.value = set->second;
      config.source = shown_config::topic_source;
    }
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
