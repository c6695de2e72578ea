#pragma once

#include "actors/handlers/fetch_budget.hpp"
#include "actors/handlers/fetch_session.hpp"
#include "actors/interfaces/registry_directory.hpp"
#include "actors/store/store_access.hpp"
#include "messages/common/live.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace tidegate::actors {

/// The limits and defaults that handlers apply; from options, under Kafka's names.
struct handler_settings {
  live<bool> auto_create_topics = true;            // auto.create.topics.enable
  live<std::int32_t> num_partitions = 1;           // num.partitions
  live<std::int32_t> message_max_bytes = 1048588;  // message.max.bytes
  live<std::int32_t> offset_metadata_max_bytes = 4096;
  live<std::int32_t> fetch_max_bytes = 57671680;  // fetch.max.bytes
  live<std::int64_t> retention_ms = -1;            // log.retention.ms: of topics that do not say, like the next three
  live<std::int64_t> retention_bytes = -1;         // log.retention.bytes
  live<bool> protects_groups = true;               // retention.protect.groups
  live<std::int64_t> protect_max_ms = 7776000000;  // retention.protect.max.ms
  live<std::uint64_t> max_elements = 1'000'000;    // limits.elements_per_request
  std::size_t fetch_session_partitions = 100000;
  // A store that does not answer for one partition must not keep the others from a client, whose own patience is 30 s.
  std::chrono::milliseconds longest_read{5000};  // of a Fetch
};

/// What handlers need of the node, and its registries. Shared by all connections; of it only the handles of registries
/// and what is `live` change after the start.
struct services : registry_directory {
  std::int32_t node_id = 1;
  std::string host;
  std::uint16_t port = 0;
  std::string cluster_id;
  std::string log_dir;            // what DescribeLogDirs calls the store
  bool log_dir_is_local = false;  // and a directory of this machine
  handler_settings settings;
  fetch_session_slots fetch_sessions{1000};  // max.incremental.fetch.session.cache.slots
  std::shared_ptr<actors::fetch_budget> fetch_budget;  // of all connections together
  std::shared_ptr<const store_access> store;
  std::function<void(smq::completion<smq::result<std::int64_t>>)> next_producer_id;
};

}  // namespace tidegate::actors
