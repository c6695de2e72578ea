#include "actors/handlers/table.hpp"

#include "messages/kafka/api_table.hpp"

#include <array>

namespace tidegate::actors::handlers {

namespace {

using kafka::api_key;

struct row {
  api_key key;
  void (*handle)(const services&, const request_ptr&);
};

constexpr std::array rows{
  row{api_key::produce, produce},
  row{api_key::fetch, fetch},
  row{api_key::list_offsets, list_offsets},
  row{api_key::metadata, metadata},
  row{api_key::offset_commit, offset_commit},
  row{api_key::offset_fetch, offset_fetch},
  row{api_key::find_coordinator, find_coordinator},
  row{api_key::join_group, join_group},
  row{api_key::heartbeat, heartbeat},
  row{api_key::leave_group, leave_group},
  row{api_key::sync_group, sync_group},
  row{api_key::describe_groups, describe_groups},
  row{api_key::list_groups, list_groups},
  row{api_key::api_versions, api_versions},
  row{api_key::create_topics, create_topics},
  row{api_key::delete_topics, delete_topics},
  row{api_key::delete_records, delete_records},
  row{api_key::init_producer_id, init_producer_id},
  row{api_key::offset_for_leader_epoch, offset_for_leader_epoch},
  row{api_key::describe_configs, describe_configs},
  row{api_key::alter_configs, alter_configs},
  row{api_key::describe_log_dirs, describe_log_dirs},
  row{api_key::create_partitions, create_partitions},
  row{api_key::delete_groups, delete_groups},
  row{api_key::incremental_alter_configs, incremental_alter_configs},
  row{api_key::offset_delete, offset_delete},
  row{api_key::describe_cluster, describe_cluster},
  row{api_key::list_config_resources, list_config_resources},
  row{api_key::sasl_handshake, sasl_handshake},
};

static_assert(rows.size() == kafka::apis.size(), "every advertised API has a handler");

}  // namespace

void dispatch(const services& node, const request_ptr& r) {
  const auto key = r->header.api_key;
  if (key != api_key::api_versions && !kafka::is_supported(key, r->header.api_version)) {
    counted.unsupported_versions.add();
    return r->close("unsupported api " + std::to_string(static_cast<int>(key)) + " version " +
                    std::to_string(r->header.api_version));
  }
  for (const auto& row : rows)
    if (row.key == key) return row.handle(node, r);
}

}  // namespace tidegate::actors::handlers
