#pragma once

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/admin/output.hpp"
#include "actors/cli/admin/reset_plan.hpp"

namespace tidegate::cli {

struct group_reset_options {
  std::string group;
  std::vector<topic_choice> topics;
  bool has_all_topics = false;  // every topic for which the group has a position
  reset_rule rule;
  bool executes = false;  // otherwise it only says what it would do
};

/// `tidegate groups reset`: answers the exit code. Nothing is changed unless every partition can be.
/// Errors: kafka_failure.
int run_group_reset(cluster& at, const group_reset_options& wanted, const output& to);

}  // namespace tidegate::cli
