#include "actors/handlers/topic_configs.hpp"

#include "actors/handlers/shown.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

namespace tidegate::actors::handlers {

namespace {

// Kafka's type numbers.
constexpr std::int8_t type_boolean = 1;
constexpr std::int8_t type_string = 2;
constexpr std::int8_t type_int = 3;
constexpr std::int8_t type_long = 5;
constexpr std::int8_t type_double = 6;
constexpr std::int8_t type_list = 7;

struct known_config {
  const char* name;
  const char* broker_name;  // of the broker config that is its default; "" = there is none
  const char* default_value;
  std::int8_t type;
  std::int64_t least;
  const char* allowed;  // values, separated by ','; "" = any of its type
  const char* documentation;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

// Their defaults are the node's.
constexpr const char* max_message_bytes = "max.message.bytes";
constexpr const char* retention_bytes = "retention.bytes";
constexpr const char* retention_ms = "retention.ms";
constexpr const char* protects_groups = "retention.protect.groups";
constexpr const char* protect_max = "retention.protect.max.ms";
// One bounds the other.
constexpr const char* min_compaction_lag = "min.compaction.lag.ms";
constexpr const char* max_compaction_lag = "max.compaction.lag.ms";
// Its range has a hole.
constexpr const char* gzip_level = "compression.gzip.level";

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::min();

// In the place of allowed words: a list of such pairs, or "*".
constexpr std::string_view any_replicas = "partition:broker";

// Longer strings do not fit into an answer. Only an APPEND can make one: none comes off the wire.
constexpr std::size_t longest_value = std::numeric_limits<std::int16_t>::max();

constexpr const char* longest_time = "9223372036854775807";  // what Kafka calls no limit

// Why a config has no effect.
constexpr const char* no_compaction = "No effect: nothing is compacted.";
constexpr const char* no_index = "No effect: there are no index files.";
constexpr const char* no_flush = "No effect: when records are synced is decided for the node.";
constexpr const char* no_rolling = "No effect: the store decides when a file of records is full.";
constexpr const char* no_replicas = "No effect: nothing is replicated between brokers.";
constexpr const char* no_recompression = "No effect: batches are stored as they were produced.";
constexpr const char* no_tiers = "No effect: there is one tier of storage.";

/// The topic configs that tidegate keeps. Those whose only legal value is the default, and those without effect, are
/// there because clients set them; types, ranges and defaults of the latter are Kafka's (LogConfig, 4.x).
constexpr std::array known{
  known_config{"cleanup.policy", "log.cleanup.policy", "delete", type_list, no_limit, "delete",
               "Compaction is not offered; empty: retention deletes nothing."},
  known_config{"compression.type", "compression.type", "producer", type_string, no_limit, "producer",
               "Batches are stored as they were produced."},
  known_config{max_message_bytes, "message.max.bytes", "1048588", type_int, 0, "", "Largest record batch, in bytes."},
  known_config{"message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms", "3600000", type_long, 0, "",
               "How far a record's timestamp may be ahead of the node's clock."},
  known_config{"message.timestamp.type", "log.message.timestamp.type", "CreateTime", type_string, no_limit,
               "CreateTime,LogAppendTime", "Whose clock a record's timestamp is."},
  known_config{"min.insync.replicas", "min.insync.replicas", "1", type_int, 1, "",
               "The store's replication decides; kept for clients."},
  known_config{retention_bytes, "log.retention.bytes", "-1", type_long, -1, "", "-1: keep for ever."},
  known_config{retention_ms, "log.retention.ms", "-1", type_long, -1, "", "-1: keep for ever."},
  known_config{protects_groups, protects_groups, "true", type_boolean, no_limit, "",
               "Retention keeps what a group has not read."},
  known_config{protect_max, protect_max, "7776000000", type_long, -1, "",
               "Age from which nothing is kept for groups any more; -1: none."},
  known_config{gzip_level, gzip_level, "-1", type_int, -1, "", no_recompression, 9},
  known_config{"compression.lz4.level", "compression.lz4.level", "9", type_int, 1, "", no_recompression, 17},
  known_config{"compression.zstd.level", "compression.zstd.level", "3", type_int, -131072, "", no_recompression, 22},
  known_config{"delete.retention.ms", "log.cleaner.delete.retention.ms", "86400000", type_long, 0, "", no_compaction},
  known_config{"file.delete.delay.ms", "log.segment.delete.delay.ms", "60000", type_long, 0, "",
               "No effect: the store decides when space is freed."},
  known_config{"flush.messages", "log.flush.interval.messages", longest_time, type_long, 1, "", no_flush},
  known_config{"flush.ms", "log.flush.interval.ms", longest_time, type_long, 0, "", no_flush},
  known_config{"follower.replication.throttled.replicas", "", "", type_list, no_limit, any_replicas.data(),
               no_replicas},
  known_config{"index.interval.bytes", "log.index.interval.bytes", "4096", type_int, 0, "", no_index},
  known_config{"leader.replication.throttled.replicas", "", "", type_list, no_limit, any_replicas.data(), no_replicas},
  known_config{"local.retention.bytes", "log.local.retention.bytes", "-2", type_long, -2, "", no_tiers},
  known_config{"local.retention.ms", "log.local.retention.ms", "-2", type_long, -2, "", no_tiers},
  known_config{max_compaction_lag, "log.cleaner.max.compaction.lag.ms", longest_time, type_long, 1, "", no_compaction},
  known_config{"message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms", longest_time, type_long, 0, "",
               "How far a record's timestamp may be behind the node's clock."},
  known_config{"min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio", "0.5", type_double, 0, "",
               no_compaction},
  known_config{min_compaction_lag, "log.cleaner.min.compaction.lag.ms", "0", type_long, 0, "", no_compaction},
  known_config{"preallocate", "log.preallocate", "false", type_boolean, no_limit, "",
               "No effect: the store makes its own files."},
  known_config{"remote.log.copy.disable", "", "false", type_boolean, no_limit, "", no_tiers},
  known_config{"remote.log.delete.on.disable", "", "false", type_boolean, no_limit, "", no_tiers},
  known_config{"remote.storage.enable", "", "false", type_boolean, no_limit, "false", "There is one tier of storage."},
  known_config{"segment.bytes", "log.segment.bytes", "1073741824", type_int, 1 << 20, "", no_rolling},
  known_config{"segment.index.bytes", "log.index.size.max.bytes", "10485760", type_int, 4, "", no_index},
  known_config{"segment.jitter.ms", "log.roll.jitter.ms", "0", type_long, 0, "", no_rolling},
  known_config{"segment.ms", "log.roll.ms", "604800000", type_long, 1, "", no_rolling},
  known_config{"unclean.leader.election.enable", "unclean.leader.election.enable", "false", type_boolean, no_limit, "",
               "No effect: a partition has one replica and no elections."},
};

/// Of a topic that does not say; for some it is the node's.
std::string default_of(const known_config& config, const handler_settings& node) {
  const std::string_view name = config.name;
  if (name == retention_bytes) return std::to_string(node.retention_bytes);
  if (name == retention_ms) return std::to_string(node.retention_ms);
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
  if (number == 0 && config.name == std::string_view{gzip_level})
    return {{}, "Value must be between 1 and 9 or equal to -1"};
  if (number < config.least) return {{}, "Value must be at least " + std::to_string(config.least)};
  if (number > config.most) return {{}, "Value must be no more than " + std::to_string(config.most)};
  return {std::to_string(number), {}};
}

/// From 0 to 1, and kept as it was written.
reading read_ratio(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || std::isnan(number))
    return {{}, "Not a number of type DOUBLE"};
  if (number < 0) return {{}, "Value must be at least 0"};
  if (number > 1) return {{}, "Value must be no more than 1"};
  return {std::string(text), {}};
}

reading read_boolean(const known_config& config, std::string_view text) {
  std::string value(text);
  for (auto& c : value)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (value != "true" && value != "false") return {{}, "Expected value to be either true or false"};
  if (*config.allowed != '\0' && value != config.allowed) return {{}, std::string("Value must be ") + config.allowed};
  return {std::move(value), {}};
}

/// Source: Kafka's ThrottledReplicaListValidator.
reading read_replicas(const known_config& config, const std::vector<std::string>& pairs) {
  constexpr const char* digits = "0123456789";
  const auto is_pair = [&](const std::string& text) {
    const auto colon = text.find_first_not_of(digits);
    return colon != std::string::npos && colon > 0 && text[colon] == ':' && colon + 1 < text.size() &&
           text.find_first_not_of(digits, colon + 1) == std::string::npos;
  };
  if (pairs != std::vector<std::string>{"*"} && !std::all_of(pairs.begin(), pairs.end(), is_pair))
    return {{}, std::string(config.name) + " must be the literal '*' or a list of replicas in the following format: " +
                  "[partitionId]:[brokerId],[partitionId]:[brokerId],..."};
  auto all = join(pairs, ",");
  if (all.size() > longest_value) return {{}, "Value is longer than " + std::to_string(longest_value) + " bytes"};
  return {std::move(all), {}};
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
    case type_boolean: return read_boolean(config, text);
    case type_int:
    case type_long: return read_number(config, text);
    case type_double: return read_ratio(text);
    case type_list:
      return config.allowed == any_replicas ? read_replicas(config, split(text)) : read_words(config, split(text));
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

/// Source: Kafka's LogConfig.validateValues.
std::optional<std::string> conflict_of(const config_values& configs) {
  const auto number = [&](const char* name) {
    const auto set = configs.find(name);
    const std::string text = set == configs.end() ? find_known(name)->default_value : set->second;
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const auto min = number(min_compaction_lag);
  const auto max = number(max_compaction_lag);
  if (min <= max) return std::nullopt;
  return std::string("conflict topic config setting ") + min_compaction_lag + " (" + std::to_string(min) + ") > " +
         max_compaction_lag + " (" + std::to_string(max) + ")";
}

}  // namespace

std::optional<std::string> edit_topic_configs(config_values& configs, const std::vector<config_edit>& edits) {
  for (const auto& edit : edits) {
    if (edit.operation == config_edit::remove)
      configs.erase(edit.name);
    else if (auto problem = edit_config(configs, edit))
      return problem;
  }
  return conflict_of(configs);
}

std::vector<shown_config> topic_configs(const smq::topic_info& topic, const handler_settings& node) {
  std::vector<shown_config> all;
  for (const auto& k : known) {
    auto& origins = all.emplace_back(shown_config{k.name, k.type, false, k.documentation, {}}).origins;
    if (auto set = topic.configs.find(k.name); set != topic.configs.end())
      origins.push_back({k.name, set->second, shown_config::topic_source});
    if (auto of_node = default_of(k, node); of_node != k.default_value)
      origins.push_back({k.broker_name, std::move(of_node), shown_config::static_broker_source});
    origins.push_back({k.broker_name, k.default_value, shown_config::default_source});
  }
  return all;
}

std::vector<shown_config> broker_configs(const handler_settings& node) {
  const handler_settings defaults;
  std::vector<shown_config> all;
  const auto show = [&](const char* name, std::int8_t type, auto value_in) {
    auto& origins = all.emplace_back(shown_config{name, type, true, "", {}}).origins;
    if (value_in(node) != value_in(defaults))
      origins.push_back({name, value_in(node), shown_config::static_broker_source});
    origins.push_back({name, value_in(defaults), shown_config::default_source});
  };
  using of = const handler_settings&;
  show("auto.create.topics.enable", type_boolean,
       [](of s) -> std::string { return s.auto_create_topics ? "true" : "false"; });
  show("log.retention.bytes", type_long, [](of s) { return std::to_string(s.retention_bytes); });
  show("log.retention.ms", type_long, [](of s) { return std::to_string(s.retention_ms); });
  show("message.max.bytes", type_int, [](of s) { return std::to_string(s.message_max_bytes); });
  show("num.partitions", type_int, [](of s) { return std::to_string(s.num_partitions); });
  show("offset.metadata.max.bytes", type_int, [](of s) { return std::to_string(s.offset_metadata_max_bytes); });
  show("fetch.max.bytes", type_int, [](of s) { return std::to_string(s.fetch_max_bytes); });
  return all;
}

}  // namespace tidegate::actors::handlers
