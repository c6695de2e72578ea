#pragma once

#include "actors/handlers/request.hpp"

namespace tidegate::actors {
struct services;
}

namespace tidegate::actors::handlers {

/// Gives the request to the handler of its API. Unknown keys and versions close the connection, as in Kafka; only
/// ApiVersions answers every version.
void dispatch(const services& node, const request_ptr& r);

// One per API; those of one subject share a file. They run in the connection's actor and may answer later, on any thread.
void alter_configs(const services& node, const request_ptr& r);
void api_versions(const services& node, const request_ptr& r);
void create_partitions(const services& node, const request_ptr& r);
void create_topics(const services& node, const request_ptr& r);
void delete_groups(const services& node, const request_ptr& r);
void delete_records(const services& node, const request_ptr& r);
void delete_topics(const services& node, const request_ptr& r);
void describe_cluster(const services& node, const request_ptr& r);
void describe_configs(const services& node, const request_ptr& r);
void describe_groups(const services& node, const request_ptr& r);
void describe_log_dirs(const services& node, const request_ptr& r);
void fetch(const services& node, const request_ptr& r);
void find_coordinator(const services& node, const request_ptr& r);
void heartbeat(const services& node, const request_ptr& r);
void incremental_alter_configs(const services& node, const request_ptr& r);
void init_producer_id(const services& node, const request_ptr& r);
void join_group(const services& node, const request_ptr& r);
void leave_group(const services& node, const request_ptr& r);
void list_config_resources(const services& node, const request_ptr& r);
void list_groups(const services& node, const request_ptr& r);
void list_offsets(const services& node, const request_ptr& r);
void metadata(const services& node, const request_ptr& r);
void offset_commit(const services& node, const request_ptr& r);
void offset_delete(const services& node, const request_ptr& r);
void offset_fetch(const services& node, const request_ptr& r);
void offset_for_leader_epoch(const services& node, const request_ptr& r);
void produce(const services& node, const request_ptr& r);
void sasl_handshake(const services& node, const request_ptr& r);
void sync_group(const services& node, const request_ptr& r);

}  // namespace tidegate::actors::handlers
