#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tidegate::kafka {

enum class api_key : std::int16_t {
  produce = 0,
  fetch = 1,
  list_offsets = 2,
  metadata = 3,
  offset_commit = 8,
  offset_fetch = 9,
  find_coordinator = 10,
  join_group = 11,
  heartbeat = 12,
  leave_group = 13,
  sync_group = 14,
  describe_groups = 15,
  list_groups = 16,
  sasl_handshake = 17,
  api_versions = 18,
  create_topics = 19,
  delete_topics = 20,
  delete_records = 21,
  init_producer_id = 22,
  offset_for_leader_epoch = 23,
  describe_configs = 32,
  alter_configs = 33,
  describe_log_dirs = 35,
  create_partitions = 37,
  delete_groups = 42,
  incremental_alter_configs = 44,
  offset_delete = 47,
  describe_cluster = 60,
  list_config_resources = 74,
};

struct api_info {
  api_key key;
  std::string_view name;
  std::int16_t min_version;
  std::int16_t max_version;
  std::int16_t advertised_min_version;  // what ApiVersions answers; below min_version only where clients need it
  std::int16_t first_flexible_version;  // KIP-482: compact lengths and tagged fields from here on
};

/// Every API that we decode, by key. ApiVersions, the codec and the handlers all read this table.
/// Produce advertises 0 as Kafka 4 does: librdkafka takes a higher minimum as "no LZ4, no idempotence" (KAFKA-18659).
inline constexpr std::array apis{
    api_info{api_key::produce, "Produce", 3, 13, 0, 9},
    api_info{api_key::fetch, "Fetch", 4, 18, 4, 12},
    api_info{api_key::list_offsets, "ListOffsets", 0, 11, 0, 6},
    api_info{api_key::metadata, "Metadata", 0, 13, 0, 9},
    api_info{api_key::offset_commit, "OffsetCommit", 0, 10, 0, 8},
    api_info{api_key::offset_fetch, "OffsetFetch", 0, 10, 0, 6},
    api_info{api_key::find_coordinator, "FindCoordinator", 0, 6, 0, 3},
    api_info{api_key::join_group, "JoinGroup", 0, 9, 0, 6},
    api_info{api_key::heartbeat, "Heartbeat", 0, 4, 0, 4},
    api_info{api_key::leave_group, "LeaveGroup", 0, 5, 0, 4},
    api_info{api_key::sync_group, "SyncGroup", 0, 5, 0, 4},
    api_info{api_key::describe_groups, "DescribeGroups", 0, 6, 0, 5},
    api_info{api_key::list_groups, "ListGroups", 0, 5, 0, 3},
    api_info{api_key::sasl_handshake, "SaslHandshake", 0, 1, 0, 32767},  // never flexible
    api_info{api_key::api_versions, "ApiVersions", 0, 4, 0, 3},
    api_info{api_key::create_topics, "CreateTopics", 0, 7, 0, 5},
    api_info{api_key::delete_topics, "DeleteTopics", 0, 6, 0, 4},
    api_info{api_key::delete_records, "DeleteRecords", 0, 2, 0, 2},
    api_info{api_key::init_producer_id, "InitProducerId", 0, 5, 0, 2},
    api_info{api_key::offset_for_leader_epoch, "OffsetForLeaderEpoch", 0, 4, 0, 4},
    api_info{api_key::describe_configs, "DescribeConfigs", 0, 4, 0, 4},
    api_info{api_key::alter_configs, "AlterConfigs", 0, 2, 0, 2},
    api_info{api_key::describe_log_dirs, "DescribeLogDirs", 0, 5, 0, 2},
    api_info{api_key::create_partitions, "CreatePartitions", 0, 3, 0, 2},
    api_info{api_key::delete_groups, "DeleteGroups", 0, 2, 0, 2},
    api_info{api_key::incremental_alter_configs, "IncrementalAlterConfigs", 0, 1, 0, 1},
    api_info{api_key::offset_delete, "OffsetDelete", 0, 0, 0, 32767},  // never flexible
    api_info{api_key::describe_cluster, "DescribeCluster", 0, 2, 0, 0},
    api_info{api_key::list_config_resources, "ListConfigResources", 0, 1, 0, 0},
};

/// The row of `key`, or nullptr for an API that we do not decode.
constexpr const api_info* find(api_key key) {
  for (const auto& api : apis) {
    if (api.key == key) return &api;
  }
  return nullptr;
}

/// Whether requests of this version can be decoded (not whether the version is advertised).
constexpr bool is_supported(api_key key, std::int16_t version) {
  const auto* api = find(key);
  return api != nullptr && version >= api->min_version && version <= api->max_version;
}

/// Whether this version has compact lengths and tagged fields. False for an API that we do not decode.
constexpr bool is_flexible(api_key key, std::int16_t version) {
  const auto* api = find(key);
  return api != nullptr && version >= api->first_flexible_version;
}

}  // namespace tidegate::kafka
