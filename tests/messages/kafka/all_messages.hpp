#pragma once

#include "messages/kafka/alter_configs.hpp"
#include "messages/kafka/api_versions.hpp"
#include "messages/kafka/codec.hpp"
#include "messages/kafka/create_partitions.hpp"
#include "messages/kafka/create_topics.hpp"
#include "messages/kafka/delete_groups.hpp"
#include "messages/kafka/delete_records.hpp"
#include "messages/kafka/delete_topics.hpp"
#include "messages/kafka/describe_cluster.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "messages/kafka/describe_groups.hpp"
#include "messages/kafka/describe_log_dirs.hpp"
#include "messages/kafka/fetch.hpp"
#include "messages/kafka/find_coordinator.hpp"
#include "messages/kafka/heartbeat.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"
#include "messages/kafka/init_producer_id.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/leave_group.hpp"
#include "messages/kafka/list_config_resources.hpp"
#include "messages/kafka/list_groups.hpp"
#include "messages/kafka/list_offsets.hpp"
#include "messages/kafka/metadata.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_delete.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "messages/kafka/offset_for_leader_epoch.hpp"
#include "messages/kafka/produce.hpp"
#include "messages/kafka/sasl_handshake.hpp"
#include "messages/kafka/sync_group.hpp"

#include "tests/messages/kafka/random_message.hpp"

#include <string>

namespace tidegate::kafka::test {

/// Calls `visit.template operator()<Message>(name)` for every message that we know.
template <class Visit>
void for_each_message(Visit visit) {
  visit.template operator()<produce_request>("produce_request");
  visit.template operator()<produce_response>("produce_response");
  visit.template operator()<fetch_request>("fetch_request");
  visit.template operator()<fetch_response>("fetch_response");
  visit.template operator()<list_offsets_request>("list_offsets_request");
  visit.template operator()<list_offsets_response>("list_offsets_response");
  visit.template operator()<metadata_request>("metadata_request");
  visit.template operator()<metadata_response>("metadata_response");
  visit.template operator()<offset_commit_request>("offset_commit_request");
  visit.template operator()<offset_commit_response>("offset_commit_response");
  visit.template operator()<offset_fetch_request>("offset_fetch_request");
  visit.template operator()<offset_fetch_response>("offset_fetch_response");
  visit.template operator()<find_coordinator_request>("find_coordinator_request");
  visit.template operator()<find_coordinator_response>("find_coordinator_response");
  visit.template operator()<join_group_request>("join_group_request");
  visit.template operator()<join_group_response>("join_group_response");
  visit.template operator()<heartbeat_request>("heartbeat_request");
  visit.template operator()<heartbeat_response>("heartbeat_response");
  visit.template operator()<leave_group_request>("leave_group_request");
  visit.template operator()<leave_group_response>("leave_group_response");
  visit.template operator()<sync_group_request>("sync_group_request");
  visit.template operator()<sync_group_response>("sync_group_response");
  visit.template operator()<describe_groups_request>("describe_groups_request");
  visit.template operator()<describe_groups_response>("describe_groups_response");
  visit.template operator()<list_groups_request>("list_groups_request");
  visit.template operator()<list_groups_response>("list_groups_response");
  visit.template operator()<api_versions_request>("api_versions_request");
  visit.template operator()<api_versions_response>("api_versions_response");
  visit.template operator()<create_topics_request>("create_topics_request");
  visit.template operator()<create_topics_response>("create_topics_response");
  visit.template operator()<delete_topics_request>("delete_topics_request");
  visit.template operator()<delete_topics_response>("delete_topics_response");
  visit.template operator()<delete_records_request>("delete_records_request");
  visit.template operator()<delete_records_response>("delete_records_response");
  visit.template operator()<init_producer_id_request>("init_producer_id_request");
  visit.template operator()<init_producer_id_response>("init_producer_id_response");
  visit.template operator()<offset_for_leader_epoch_request>("offset_for_leader_epoch_request");
  visit.template operator()<offset_for_leader_epoch_response>("offset_for_leader_epoch_response");
  visit.template operator()<describe_configs_request>("describe_configs_request");
  visit.template operator()<describe_configs_response>("describe_configs_response");
  visit.template operator()<delete_groups_request>("delete_groups_request");
  visit.template operator()<delete_groups_response>("delete_groups_response");
  visit.template operator()<offset_delete_request>("offset_delete_request");
  visit.template operator()<offset_delete_response>("offset_delete_response");
  visit.template operator()<create_partitions_request>("create_partitions_request");
  visit.template operator()<create_partitions_response>("create_partitions_response");
  visit.template operator()<alter_configs_request>("alter_configs_request");
  visit.template operator()<alter_configs_response>("alter_configs_response");
  visit.template operator()<incremental_alter_configs_request>("incremental_alter_configs_request");
  visit.template operator()<incremental_alter_configs_response>("incremental_alter_configs_response");
  visit.template operator()<describe_cluster_request>("describe_cluster_request");
  visit.template operator()<describe_cluster_response>("describe_cluster_response");
  visit.template operator()<describe_log_dirs_request>("describe_log_dirs_request");
  visit.template operator()<describe_log_dirs_response>("describe_log_dirs_response");
  visit.template operator()<list_config_resources_request>("list_config_resources_request");
  visit.template operator()<list_config_resources_response>("list_config_resources_response");
  visit.template operator()<sasl_handshake_request>("sasl_handshake_request");
  visit.template operator()<sasl_handshake_response>("sasl_handshake_response");
}

/// Calls `visit.template operator()<Message>(what, version)` for every version of every message.
template <class Visit>
void for_each_version(Visit visit) {
  for_each_message([&]<class Message>(const char* name) {
    const auto& api = *find(Message::api);
    for (auto version = api.min_version; version <= api.max_version; ++version) {
      visit.template operator()<Message>(std::string(name) + " v" + std::to_string(version), version);
    }
  });
}

}  // namespace tidegate::kafka::test
