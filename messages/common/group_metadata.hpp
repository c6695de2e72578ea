#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/uuid.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate {

/// One partition assignor a member supports (JoinGroup's protocols), with the member's subscription for it.
struct group_protocol {
  std::string name;
  byte_buffer metadata;
  friend bool operator==(const group_protocol&, const group_protocol&) = default;
};

struct group_member {
  std::string member_id;
  std::optional<std::string> instance_id;  // KIP-345
  std::string client_id;
  std::string client_host;
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = 0;
  std::vector<group_protocol> protocols;
  byte_buffer assignment;
  friend bool operator==(const group_member&, const group_member&) = default;
};

/// A topic some of whose partitions have a position of this group: a lower bound, for listing and deleting.
struct group_topic {
  uuid topic_id;
  std::string topic;
  std::vector<std::int32_t> partitions;  // ascending
  friend bool operator==(const group_topic&, const group_topic&) = default;
};

/// What the group entry holds (design §7.3): everything of a group that survives a crash of its coordinator.
/// `generation` never goes back, not even after deletion: a deleted group leaves a tombstone.
struct group_metadata {
  std::string group_id;
  bool deleted = false;
  bool is_assigned = false;  // the assignments of this generation are stored; all of them may be empty
  std::int32_t generation = 0;
  std::string protocol_type;  // "" until the first member joined
  std::string protocol_name;
  std::string leader;
  std::map<std::string, group_member> members;
  std::vector<group_topic> topics;  // core::group keeps them in the order of their ids
  std::int64_t empty_since_ms = -1;  // -1: has members
  friend bool operator==(const group_metadata&, const group_metadata&) = default;
};

/// A consumer position: what OffsetCommit stores and OffsetFetch answers.
struct committed_offset {
  std::int64_t offset = -1;
  std::int32_t leader_epoch = -1;
  std::string metadata;
  std::int64_t committed_at_ms = 0;
  friend bool operator==(const committed_offset&, const committed_offset&) = default;
};

}  // namespace tidegate
