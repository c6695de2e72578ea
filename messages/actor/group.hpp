#pragma once

#include "messages/common/error_code.hpp"
#include "messages/common/group_metadata.hpp"
#include "messages/common/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the request handlers ask the coordinator of one group. Every request names its group, because it travels
/// through the registry, and carries the place of its one answer (built with the helpers at the end).
namespace tidegate::msg {

struct join_group_member {
  std::string member_id{};
  std::optional<std::string> instance_id{};
  byte_buffer metadata{};  // the subscription for the protocol that was selected
  friend bool operator==(const join_group_member&, const join_group_member&) = default;
};

struct join_group_result {
  error_code error = error_code::coordinator_not_available;
  std::int32_t generation = -1;
  std::string protocol_type{};
  std::string protocol_name{};
  std::string leader{};
  bool skip_assignment = false;  // KIP-814
  std::string member_id{};
  std::vector<join_group_member> members{};  // filled for the leader only
  std::int32_t throttle_ms = 0;              // how long the client is to wait
  friend bool operator==(const join_group_result&, const join_group_result&) = default;
};

/// JoinGroup (API key 11). `rebalance_timeout_ms` < 0 (v0) means: the session timeout.
struct join_group {
  std::string group_id{};
  std::string member_id{};                   // "": new
  std::optional<std::string> instance_id{};  // KIP-345
  std::string client_id{};
  std::string client_host{};
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = -1;
  std::string protocol_type{};
  std::vector<group_protocol> protocols{};  // in the client's order of preference
  bool member_id_required = false;        // v4 and later, KIP-394
  bool supports_skip_assignment = false;  // v9 and later, KIP-814
  reply<join_group_result> answer{};
};

struct sync_group_assignment {
  std::string member_id{};
  byte_buffer assignment{};
  friend bool operator==(const sync_group_assignment&, const sync_group_assignment&) = default;
};

struct sync_group_result {
  error_code error = error_code::coordinator_not_available;
  std::string protocol_type{};
  std::string protocol_name{};
  byte_buffer assignment{};
  friend bool operator==(const sync_group_result&, const sync_group_result&) = default;
};

/// SyncGroup (API key 14); only the leader's `assignments` count.
struct sync_group {
  std::string group_id{};
  std::int32_t generation = -1;
  std::string member_id{};
  std::optional<std::string> instance_id{};
  std::optional<std::string> protocol_type{};  // v5 and later: checked when present
  std::optional<std::string> protocol_name{};
  std::vector<sync_group_assignment> assignments{};
  reply<sync_group_result> answer{};
};

/// Heartbeat (API key 12).
struct heartbeat {
  std::string group_id{};
  std::int32_t generation = -1;
  std::string member_id{};
  std::optional<std::string> instance_id{};
  reply<error_code> answer{};
};

struct leaving_member {
  std::string member_id{};
  std::optional<std::string> instance_id{};
  friend bool operator==(const leaving_member&, const leaving_member&) = default;
};

struct leave_group_result {
  error_code error = error_code::coordinator_not_available;
  std::vector<error_code> members{};  // in the order of the request when `error` is none, else empty
  friend bool operator==(const leave_group_result&, const leave_group_result&) = default;
};

/// LeaveGroup (API key 13). Versions before 3 name one member: answer them with `members[0]` when `error` is none.
struct leave_group {
  std::string group_id{};
  std::vector<leaving_member> members{};
  reply<leave_group_result> answer{};
};

/// A partition of a topic that exists: the handler resolved the name or the id before it asked.
struct group_partition {
  std::string topic{};
  uuid topic_id{};
  std::int32_t partition = 0;
  friend bool operator==(const group_partition&, const group_partition&) = default;
};

struct offset_commit_item {
  group_partition where{};
  committed_offset position{};
  friend bool operator==(const offset_commit_item&, const offset_commit_item&) = default;
};

struct offset_commit_result {
  offset_commit_result() = default;
  offset_commit_result(std::vector<error_code> errors, std::int32_t wait_ms = 0)
    : items(std::move(errors)), throttle_ms(wait_ms) {}

  std::vector<error_code> items{};  // one per item of the request, in order
  std::int32_t throttle_ms = 0;     // how long the client is to wait
};

/// OffsetCommit (API key 8). A simple consumer has member "" and generation -1.
struct offset_commit {
  std::string group_id{};
  std::string member_id{};
  std::optional<std::string> instance_id{};
  std::int32_t generation = -1;
  std::string client_host{};
  std::vector<offset_commit_item> items{};
  reply<offset_commit_result> answer{};  // item_errors_reply
};

struct offset_fetch_item {
  group_partition where{};
  error_code error = error_code::none;
  committed_offset position{};  // offset -1 with error none: read, and there is no position
  friend bool operator==(const offset_fetch_item&, const offset_fetch_item&) = default;
};

struct offset_fetch_result {
  error_code error = error_code::coordinator_not_available;
  std::vector<offset_fetch_item> items{};  // in the order of the request; for all partitions only those with a position
  friend bool operator==(const offset_fetch_result&, const offset_fetch_result&) = default;
};

/// OffsetFetch (API key 9), one group of it. Errors: coordinator_load_in_progress (something could not be read now), and
/// what a dropped request gets; per item kafka_storage_error (damaged).
struct offset_fetch {
  std::string group_id{};
  std::optional<std::vector<group_partition>> items{};  // nullopt: all partitions that have a position
  reply<offset_fetch_result> answer{};
};

struct described_member {
  std::string member_id{};
  std::optional<std::string> instance_id{};
  std::string client_id{};
  std::string client_host{};
  byte_buffer metadata{};    // empty unless the group is stable
  byte_buffer assignment{};  // during a rebalance: what it had before
  friend bool operator==(const described_member&, const described_member&) = default;
};

/// `state` is Kafka's name: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead (unknown or deleted group).
struct describe_group_result {
  error_code error = error_code::coordinator_not_available;
  std::string state{};
  std::string protocol_type{};
  std::string protocol_name{};
  std::vector<described_member> members{};
  friend bool operator==(const describe_group_result&, const describe_group_result&) = default;
};

/// DescribeGroups (API key 15), one group of it. An unknown group answers none and state Dead.
struct describe_group {
  std::string group_id{};
  reply<describe_group_result> answer{};
};

struct list_group_result {
  error_code error = error_code::coordinator_not_available;
  std::string state{};
  std::string protocol_type{};
  friend bool operator==(const list_group_result&, const list_group_result&) = default;
};

/// One row of ListGroups (API key 16); a group in state Dead is not listed. Dropped while the group loads: its entry is
/// all that is known then.
struct list_group {
  std::string group_id{};
  reply<list_group_result> answer{};
};

/// DeleteGroups (API key 42), one group of it: none, non_empty_group, group_id_not_found, or a storage error.
struct delete_group {
  std::string group_id{};
  reply<error_code> answer{};
};

struct delete_offsets_result {
  error_code error = error_code::coordinator_not_available;
  std::vector<error_code> items{};  // in the order of the request when `error` is none, else empty
  friend bool operator==(const delete_offsets_result&, const delete_offsets_result&) = default;
};

/// Removes positions: OffsetDelete (API key 47). Errors: group_id_not_found, non_empty_group, storage errors; per item
/// none (also where there was no position) or group_subscribed_to_topic.
struct delete_offsets {
  std::string group_id{};
  std::vector<group_partition> partitions{};
  reply<delete_offsets_result> answer{};
};

/// Replies with the value that their request gets when its actor dies.
template <class T>
reply<T> reply_or_unavailable(std::function<void(T)> deliver) {
  return {T{}, std::move(deliver)};
}

inline reply<error_code> error_reply(std::function<void(error_code)> deliver) {
  return {error_code::coordinator_not_available, std::move(deliver)};
}

/// One coordinator_not_available per item when the request is dropped.
inline reply<offset_commit_result> item_errors_reply(std::size_t items,
                                                     std::function<void(offset_commit_result)> deliver) {
  return {std::vector(items, error_code::coordinator_not_available), std::move(deliver)};
}

}  // namespace tidegate::msg
