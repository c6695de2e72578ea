#pragma once

#include "smq/topics/topic_info.hpp"

#include <charconv>
#include <cstdint>

namespace tidegate::actors {

/// A config of the topic as a number; `otherwise` when it is not set.
inline std::int64_t setting_or(const smq::topic_info& topic, const char* key, std::int64_t otherwise) {
  auto found = topic.configs.find(key);
  if (found == topic.configs.end()) return otherwise;
  std::int64_t value = otherwise;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

}  // namespace tidegate::actors
