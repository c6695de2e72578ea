#include "actors/core/group/subscription.hpp"

#include "messages/kafka/wire.hpp"

namespace tidegate::core {

std::optional<std::vector<std::string>> subscribed_topics(byte_view subscription) {
  kafka::wire_reader in(shared_bytes::copy_of(subscription), false);
  if (in.integer<std::int16_t>() < 0) return std::nullopt;
  const auto count = in.array_length(2);
  if (!in.ok() || !count) return std::nullopt;
  std::vector<std::string> topics;
  for (std::size_t i = 0; i < *count; ++i) {
    const auto length = in.string_length();
    if (!in.ok() || !length) return std::nullopt;
    topics.push_back(in.text(*length));
  }
  if (const auto user_data = in.bytes_length(); in.ok() && user_data) in.slice(*user_data);
  return in.ok() ? std::optional(std::move(topics)) : std::nullopt;
}

}  // namespace tidegate::core
