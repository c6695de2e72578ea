#pragma once

#include "smq/ports.hpp"
#include "smq/topics/topic_info.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

/// Groups that have no entry, because only native SMQ subscribers stored positions for them (design §7.3). They are
/// known by the names of their position files; what is in the files is not looked at.
namespace tidegate::smq {

using topic_list = std::vector<std::shared_ptr<const topic_info>>;

struct position_file {
  std::shared_ptr<const topic_info> topic;
  std::int32_t partition = 0;
};

/// The partitions of `topics` in which the group has a position file: one look-up per partition, some hundred at once.
/// Errors: any doubt of the store, as it came. Thread: any.
void find_positions(entry_port& entries, const std::string& group_id, topic_list topics, time_point deadline,
                    completion<result<std::vector<position_file>>> done);

struct scan_limits {
  std::size_t most_files = 1'000'000;        // looked at, whosever they are
  std::size_t most_groups = 10'000;          // found
  std::chrono::milliseconds patience{5'000};  // for everything
  std::size_t at_once = 8;                   // lists of partitions
};

struct group_scan {
  std::set<std::string> groups;
  bool complete = true;  // false: a limit ended it before everything was looked at
};

/// The groups with a position file in any partition of `topics`, without those that `is_known` names. One paged list
/// per partition. A group whose escaped name was shortened (names.hpp) cannot be told from its file and is left out.
/// Errors: any doubt of the store, as it came. Thread: any; `is_known` is called by one thread at a time.
void scan_groups(entry_port& entries, topic_list topics, std::function<bool(const std::string&)> is_known,
                 const scan_limits& limits, time_point deadline, completion<result<group_scan>> done);

struct position_scan {
  std::map<std::string, std::vector<position_file>> files;  // of each group that has any
  bool complete = true;                                     // as in group_scan
};

/// What find_positions() finds, for many groups by one paged list per partition. Errors and thread: as scan_groups().
void scan_positions(entry_port& entries, const std::vector<std::string>& groups, topic_list topics,
                    const scan_limits& limits, time_point deadline, completion<result<position_scan>> done);

}  // namespace tidegate::smq
