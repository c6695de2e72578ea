#pragma once

#include "actors/cli/admin/cluster.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

/// What `tidegate groups` asks a cluster. Errors and threads as in cluster.hpp.
namespace tidegate::cli {

/// Called after each answer with how many of all things are done.
using progress_report = std::function<void(std::size_t done)>;

/// The names of all states that a classic group can have, as Kafka writes them.
const std::vector<std::string>& group_states();

/// All groups, or those in a state; in order of names.
std::vector<group_listing> list_groups(cluster& from, const std::string& state);

/// One description per name, in the order of the names.
std::vector<group_description> describe_groups(cluster& from, const std::vector<std::string>& names,
                                               const progress_report& progress);

/// The committed offsets of a group, in order of partitions, or why they are not known.
struct group_offsets {
  std::string error;  // one line that begins with Kafka's name
  std::vector<committed_offset> offsets;
};
/// One answer per name, in the order of the names.
std::vector<group_offsets> committed_offsets(cluster& from, const std::vector<std::string>& names,
                                             const progress_report& progress);

/// Commits these offsets for a group without members. Answers what failed, by partition, as one line each.
std::map<topic_partition, std::string> set_offsets(cluster& of, const std::string& group,
                                                   const std::map<topic_partition, std::int64_t>& offsets);

/// Names are unique.
std::vector<outcome> delete_groups(cluster& of, const std::vector<std::string>& names);

}  // namespace tidegate::cli
