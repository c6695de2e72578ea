#pragma once

#include "messages/common/bytes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tidegate::core {

/// The topics in a consumer's subscription (ConsumerProtocolSubscription): what every version of it begins with.
/// nullopt: it is not one. Source: ConsumerProtocol.deserializeConsumerProtocolSubscription.
std::optional<std::vector<std::string>> subscribed_topics(byte_view subscription);

}  // namespace tidegate::core
