#pragma once

#include "messages/common/reply.hpp"
#include "messages/common/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// An operator's word to a registry: what crashed again and again may start again, as if it had never crashed.
/// The answer is how many were in quarantine; −1 when no registry answers.
namespace tidegate::msg {

struct release_group {
  std::string group_id;
  reply<std::int64_t> answer;
};

struct release_partitions {
  uuid topic_id;
  std::optional<std::int32_t> partition;  // nothing: all of the topic
  reply<std::int64_t> answer;
};

}  // namespace tidegate::msg
