#pragma once

#include "actors/cli/admin/cluster_topics.hpp"
#include "actors/cli/admin/output.hpp"

/// `tidegate topics …`: each answers the exit code. Errors: kafka_failure for what ends the whole command.
namespace tidegate::cli {

int run_topic_list(cluster& at, bool names_only, const output& to);
int run_topic_describe(cluster& at, const std::vector<std::string>& topics, const output& to);
int run_topic_create(cluster& at, const new_topic& wanted, const output& to);
int run_topic_delete(cluster& at, const std::vector<std::string>& topics, const output& to);

}  // namespace tidegate::cli
