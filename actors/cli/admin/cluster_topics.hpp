#pragma once

#include "actors/cli/admin/cluster.hpp"

/// What `tidegate topics` asks a cluster. Errors and threads as in cluster.hpp.
namespace tidegate::cli {

struct new_topic {
  std::string topic;
  std::int32_t partitions = -1;   // −1: as many as the broker's num.partitions says
  std::int32_t replication = -1;  // −1: the broker's default.replication.factor
  std::vector<std::pair<std::string, std::string>> configs;
};

/// Errors: kafka_failure when it was not created.
void create_topic(cluster& at, const new_topic& wanted);

/// `total`: with those that are there. `only_checks`: adds none, but fails as it would.
/// Errors: kafka_failure when they were not added.
void add_partitions(cluster& at, const std::string& topic, std::int32_t total, bool only_checks);

/// Names are unique.
std::vector<outcome> delete_topics(cluster& at, const std::vector<std::string>& names);

/// The configs of a topic that are not their defaults, by name.
struct topic_configs {
  std::string error;  // one line that begins with Kafka's name
  std::map<std::string, std::string> changed;
};
/// Of topics that exist.
std::map<std::string, topic_configs> changed_configs(cluster& at, const std::vector<std::string>& names);

}  // namespace tidegate::cli
