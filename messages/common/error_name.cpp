#include "messages/common/error_name.hpp"

#include <algorithm>
#include <utility>

namespace tidegate {

namespace {

using enum error_code;

constexpr std::pair<error_code, std::string_view> names[] = {
  {unknown_server_error, "UNKNOWN_SERVER_ERROR"},
  {none, "NONE"},
  {offset_out_of_range, "OFFSET_OUT_OF_RANGE"},
  {corrupt_message, "CORRUPT_MESSAGE"},
  {unknown_topic_or_partition, "UNKNOWN_TOPIC_OR_PARTITION"},
  {invalid_fetch_size, "INVALID_FETCH_SIZE"},
  {leader_not_available, "LEADER_NOT_AVAILABLE"},
  {not_leader_or_follower, "NOT_LEADER_OR_FOLLOWER"},
  {request_timed_out, "REQUEST_TIMED_OUT"},
  {broker_not_available, "BROKER_NOT_AVAILABLE"},
  {replica_not_available, "REPLICA_NOT_AVAILABLE"},
  {message_too_large, "MESSAGE_TOO_LARGE"},
  {offset_metadata_too_large, "OFFSET_METADATA_TOO_LARGE"},
  {network_exception, "NETWORK_EXCEPTION"},
  {coordinator_load_in_progress, "COORDINATOR_LOAD_IN_PROGRESS"},
  {coordinator_not_available, "COORDINATOR_NOT_AVAILABLE"},
  {not_coordinator, "NOT_COORDINATOR"},
  {invalid_topic_exception, "INVALID_TOPIC_EXCEPTION"},
  {record_list_too_large, "RECORD_LIST_TOO_LARGE"},
  {not_enough_replicas, "NOT_ENOUGH_REPLICAS"},
  {invalid_required_acks, "INVALID_REQUIRED_ACKS"},
  {illegal_generation, "ILLEGAL_GENERATION"},
  {inconsistent_group_protocol, "INCONSISTENT_GROUP_PROTOCOL"},
  {invalid_group_id, "INVALID_GROUP_ID"},
  {unknown_member_id, "UNKNOWN_MEMBER_ID"},
  {invalid_session_timeout, "INVALID_SESSION_TIMEOUT"},
  {rebalance_in_progress, "REBALANCE_IN_PROGRESS"},
  {invalid_commit_offset_size, "INVALID_COMMIT_OFFSET_SIZE"},
  {topic_authorization_failed, "TOPIC_AUTHORIZATION_FAILED"},
  {group_authorization_failed, "GROUP_AUTHORIZATION_FAILED"},
  {cluster_authorization_failed, "CLUSTER_AUTHORIZATION_FAILED"},
  {invalid_timestamp, "INVALID_TIMESTAMP"},
  {unsupported_sasl_mechanism, "UNSUPPORTED_SASL_MECHANISM"},
  {illegal_sasl_state, "ILLEGAL_SASL_STATE"},
  {unsupported_version, "UNSUPPORTED_VERSION"},
  {topic_already_exists, "TOPIC_ALREADY_EXISTS"},
  {invalid_partitions, "INVALID_PARTITIONS"},
  {invalid_replication_factor, "INVALID_REPLICATION_FACTOR"},
  {invalid_replica_assignment, "INVALID_REPLICA_ASSIGNMENT"},
  {invalid_config, "INVALID_CONFIG"},
  {not_controller, "NOT_CONTROLLER"},
  {invalid_request, "INVALID_REQUEST"},
  {unsupported_for_message_format, "UNSUPPORTED_FOR_MESSAGE_FORMAT"},
  {policy_violation, "POLICY_VIOLATION"},
  {out_of_order_sequence_number, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
  {duplicate_sequence_number, "DUPLICATE_SEQUENCE_NUMBER"},
  {invalid_producer_epoch, "INVALID_PRODUCER_EPOCH"},
  {invalid_txn_state, "INVALID_TXN_STATE"},
  {invalid_producer_id_mapping, "INVALID_PRODUCER_ID_MAPPING"},
  {invalid_transaction_timeout, "INVALID_TRANSACTION_TIMEOUT"},
  {concurrent_transactions, "CONCURRENT_TRANSACTIONS"},
  {transactional_id_authorization_failed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
  {operation_not_attempted, "OPERATION_NOT_ATTEMPTED"},
  {kafka_storage_error, "KAFKA_STORAGE_ERROR"},
  {unknown_producer_id, "UNKNOWN_PRODUCER_ID"},
  {non_empty_group, "NON_EMPTY_GROUP"},
  {group_id_not_found, "GROUP_ID_NOT_FOUND"},
  {fetch_session_id_not_found, "FETCH_SESSION_ID_NOT_FOUND"},
  {invalid_fetch_session_epoch, "INVALID_FETCH_SESSION_EPOCH"},
  {fenced_leader_epoch, "FENCED_LEADER_EPOCH"},
  {unknown_leader_epoch, "UNKNOWN_LEADER_EPOCH"},
  {unsupported_compression_type, "UNSUPPORTED_COMPRESSION_TYPE"},
  {stale_broker_epoch, "STALE_BROKER_EPOCH"},
  {offset_not_available, "OFFSET_NOT_AVAILABLE"},
  {member_id_required, "MEMBER_ID_REQUIRED"},
  {group_max_size_reached, "GROUP_MAX_SIZE_REACHED"},
  {fenced_instance_id, "FENCED_INSTANCE_ID"},
  {group_subscribed_to_topic, "GROUP_SUBSCRIBED_TO_TOPIC"},
  {invalid_record, "INVALID_RECORD"},
  {unstable_offset_commit, "UNSTABLE_OFFSET_COMMIT"},
  {throttling_quota_exceeded, "THROTTLING_QUOTA_EXCEEDED"},
  {producer_fenced, "PRODUCER_FENCED"},
  {unknown_topic_id, "UNKNOWN_TOPIC_ID"},
  {inconsistent_topic_id, "INCONSISTENT_TOPIC_ID"},
  {fenced_member_epoch, "FENCED_MEMBER_EPOCH"},
  {unreleased_instance_id, "UNRELEASED_INSTANCE_ID"},
  {unsupported_assignor, "UNSUPPORTED_ASSIGNOR"},
  {stale_member_epoch, "STALE_MEMBER_EPOCH"},
  {mismatched_endpoint_type, "MISMATCHED_ENDPOINT_TYPE"},
  {unsupported_endpoint_type, "UNSUPPORTED_ENDPOINT_TYPE"},
};

}  // namespace

std::string_view name_of(error_code error) {
  const auto* const found = std::ranges::find(names, error, [](const auto& one) { return one.first; });
  return found == std::end(names) ? "OTHER" : found->second;
}

}  // namespace tidegate
