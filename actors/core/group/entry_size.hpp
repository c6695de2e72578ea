#pragma once

#include "messages/common/group_metadata.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

/// How many bytes the entry of a group will have, without encoding it. Source: smq/positions/group_entry.cpp, which
/// tests/actors/group/group_size_test.cpp compares with this.
namespace tidegate::core {

/// Of a member, or of who wants to be one (JoinGroup); without the bytes of its assignment.
std::size_t stored_bytes(std::string_view member_id, const auto& who) {
  std::size_t bytes = 23 + member_id.size() + who.client_id.size() + who.client_host.size();
  if (who.instance_id) bytes += 2 + who.instance_id->size();
  for (const auto& p : who.protocols) bytes += 6 + p.name.size() + p.metadata.size();
  return bytes;
}

/// Of its members, as above.
inline std::size_t stored_bytes_of_members(const group_metadata& group) {
  std::size_t bytes = 0;
  for (const auto& [id, m] : group.members) bytes += stored_bytes(id, m);
  return bytes;
}

inline std::size_t stored_bytes(const group_metadata& group) {
  std::size_t bytes = stored_bytes_of_members(group);
  bytes += 30 + group.group_id.size() + group.protocol_type.size() + group.protocol_name.size();
  bytes += group.leader.size();
  for (const auto& [id, m] : group.members) bytes += m.assignment.size();
  for (const auto& t : group.topics) bytes += 22 + t.topic.size() + 4 * t.partitions.size();
  return bytes;
}

}  // namespace tidegate::core
