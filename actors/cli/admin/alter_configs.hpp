#pragma once

#include "actors/cli/admin/cluster.hpp"

#include <optional>

/// Changing single configs of a topic (KIP-339), which librdkafka knows from 2.2 on. Before, it has AlterConfigs only:
/// that takes back every config that it does not name, also one that somebody else sets at the same moment. So these
/// are requests of our own, over a connection as `tidegate bench` has them.
namespace tidegate::cli {

struct config_change {
  std::string name;
  std::optional<std::string> value;  // null: the topic's own goes, and the broker's default counts again
};

/// Makes all of these changes, or none; `only_checks`: none, but fails as it would.
/// Errors: usage_failure for what cannot be sent, and where the client is to use TLS or SASL.
void alter_configs(cluster& at, const std::string& topic, const std::vector<config_change>& changes, bool only_checks);

}  // namespace tidegate::cli
