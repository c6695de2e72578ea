#pragma once

#include "actors/cli/admin/alter_configs.hpp"
#include "actors/cli/admin/cluster_topics.hpp"
#include "actors/cli/admin/output.hpp"

/// `tidegate topics …`: each answers the exit code. Errors: kafka_failure for what ends the whole command.
namespace tidegate::cli {

/// What stays as it is is not named.
struct topic_changes {
  std::string topic;
  std::int32_t partitions = 0;  // with those that are there; 0: as many
  std::vector<config_change> configs;
};

int run_topic_list(cluster& at, bool names_only, const output& to);
int run_topic_describe(cluster& at, const std::vector<std::string>& topics, const output& to);
int run_topic_create(cluster& at, const new_topic& wanted, const output& to);
int run_topic_alter(cluster& at, const topic_changes& wanted, const output& to);
int run_topic_delete(cluster& at, const std::vector<std::string>& topics, const output& to);

}  // namespace tidegate::cli
