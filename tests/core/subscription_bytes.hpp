#pragma once

#include "messages/common/bytes.hpp"

#include <string>
#include <vector>

namespace tidegate::test {

/// ConsumerProtocolSubscription v0: version, topics, user data (null).
inline byte_buffer subscription(const std::vector<std::string>& topics) {
  byte_buffer out(2);
  auto put = [&out](std::size_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(value >> shift));
  };
  put(topics.size(), 4);
  for (const auto& topic : topics) {
    put(topic.size(), 2);
    for (const char c : topic) out.push_back(static_cast<std::byte>(c));
  }
  put(0xffffffffU, 4);
  return out;
}

}  // namespace tidegate::test
