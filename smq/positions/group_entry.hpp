#pragma once

#include "messages/common/group_metadata.hpp"
#include "smq/ports.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The one entry of a group (design §7.3): version, flags, group id, generation, protocol type and name, leader, empty
/// since, members, topics. Flags: 1 deleted, 2 the assignments are stored; others are ignored. Entries of before the
/// second flag have assignments when any of them is not empty.
/// Order inside one unit of a session: the group entry before the first position of a partition, and the erasures of
/// positions before the group entry that no longer lists them; so the list in the entry is never too short.
namespace tidegate::smq {

inline constexpr std::uint8_t group_entry_version = 1;

/// nullopt: a string is longer than 65535 bytes.
std::optional<std::string> encode_group_entry(const group_metadata& group);

/// nullopt: not a group entry of a known version.
std::optional<group_metadata> decode_group_entry(std::string_view content);

/// nullopt: a string is longer than 65535 bytes.
std::optional<mutation> make_group_mutation(const group_metadata& group);

enum class group_result : std::uint8_t {
  found,   // also a tombstone: `group.deleted`
  absent,  // proven: never stored
  error,   // could not be read, or is damaged; never "absent"
};

struct group_answer {
  group_result code = group_result::error;
  std::string reason;
  group_metadata group;
  bool is_damaged = false;  // error: asking again does not help
};

/// Thread: any.
void read_group(entry_port& entries, const std::string& group_id, time_point deadline, completion<group_answer> done);

struct group_page {
  std::vector<group_metadata> groups;   // without tombstones, in byte order of their escaped ids
  std::vector<std::string> unreadable;  // paths of damaged entries
  std::string next;                     // pass as `after`
  bool more = false;
};

/// At most `limit` entries behind `after` ("" = from the start). Thread: any.
void list_groups(entry_port& entries, const std::string& after, std::size_t limit, time_point deadline,
                 completion<result<group_page>> done);

}  // namespace tidegate::smq
