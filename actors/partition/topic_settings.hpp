#pragma once

#include "smq/topics/topic_info.hpp"

#include <charconv>
#include <cstdint>
#include <string>

namespace tidegate::actors {

/// A config of the topic as a number; `otherwise` when it is not set.
inline std::int64_t setting_or(const smq::topic_info& topic, const char* key, std::int64_t otherwise) {
  auto found = topic.configs.find(key);
  if (found == topic.configs.end()) return otherwise;
  std::int64_t value = otherwise;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

/// message.timestamp.type
inline bool uses_log_append_time(const smq::topic_info& topic) {
  auto found = topic.configs.find("message.timestamp.type");
  return found != topic.configs.end() && found->second == "LogAppendTime";
}

/// cleanup.policy: old records go, and are not only compacted.
inline bool deletes_old_records(const smq::topic_info& topic) {
  auto policy = topic.configs.find("cleanup.policy");
  return policy == topic.configs.end() || policy->second.find("delete") != std::string::npos;
}

/// retention.ms, `of_node` when it is not set; -1: no record goes because of its age.
inline std::int64_t retention_ms_of(const smq::topic_info& topic, std::int64_t of_node) {
  return deletes_old_records(topic) ? setting_or(topic, "retention.ms", of_node) : -1;
}

}  // namespace tidegate::actors
