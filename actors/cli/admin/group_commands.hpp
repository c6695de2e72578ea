#pragma once

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/admin/output.hpp"

/// `tidegate groups …`: each answers the exit code. Errors: kafka_failure for what ends the whole command.
namespace tidegate::cli {

struct group_list_options {
  std::string state;        // empty: all
  bool names_only = false;  // one name a line
};

struct group_lag_options {
  std::vector<std::string> groups;  // empty: all
  bool with_age = true;
};

int run_group_list(cluster& at, const group_list_options& wanted, const output& to);
int run_group_describe(cluster& at, const std::vector<std::string>& groups, const output& to);
int run_group_lag(cluster& at, const group_lag_options& wanted, const output& to);
int run_group_delete(cluster& at, const std::vector<std::string>& groups, const output& to);

}  // namespace tidegate::cli
