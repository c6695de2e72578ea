#pragma once

#include "messages/kafka/api_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tidegate::actors {

/// Which requests of a connection may be begun before earlier ones are answered. Kafka begins one behind the other's
/// answer, so what a client sends sees what it sent before. Here only those go side by side that keep this in another
/// way: records go to their offset actor in order, commits and members' requests to their coordinator, and what only
/// reads waits for no other reader.
enum class request_kind : std::uint8_t {
  record_write,    // Produce: behind changes
  position_write,  // OffsetCommit, LeaveGroup: behind changes
  change,          // of topics, configs, groups, positions, log starts: behind everything that writes
  read,            // of these: behind everything that writes
  other,           // sees nothing that clients write, or keeps the order by itself: behind changes
};

constexpr request_kind kind_of(kafka::api_key api) {
  switch (api) {
    case kafka::api_key::produce: return request_kind::record_write;
    case kafka::api_key::offset_commit:
    case kafka::api_key::leave_group: return request_kind::position_write;
    case kafka::api_key::create_topics:
    case kafka::api_key::delete_topics:
    case kafka::api_key::delete_records:
    case kafka::api_key::alter_configs:
    case kafka::api_key::create_partitions:
    case kafka::api_key::delete_groups:
    case kafka::api_key::incremental_alter_configs:
    case kafka::api_key::offset_delete: return request_kind::change;
    case kafka::api_key::fetch:
    case kafka::api_key::list_offsets:
    case kafka::api_key::offset_fetch:
    case kafka::api_key::describe_groups:
    case kafka::api_key::list_groups:
    case kafka::api_key::offset_for_leader_epoch:
    case kafka::api_key::describe_configs:
    case kafka::api_key::describe_log_dirs:
    case kafka::api_key::list_config_resources: return request_kind::read;
    default: return request_kind::other;
  }
}

/// Counts a connection's unanswered requests by kind. A pure value.
class request_order {
 public:
  [[nodiscard]] bool may_begin(request_kind next) const {
    if (open(request_kind::change) > 0) return false;
    const bool sees_writes = next == request_kind::change || next == request_kind::read;
    return !sees_writes || open(request_kind::record_write) + open(request_kind::position_write) == 0;
  }

  void begin(request_kind one) { ++open_[static_cast<std::size_t>(one)]; }
  void end(request_kind one) { --open_[static_cast<std::size_t>(one)]; }

 private:
  [[nodiscard]] std::size_t open(request_kind kind) const { return open_[static_cast<std::size_t>(kind)]; }

  std::array<std::size_t, 5> open_{};
};

}  // namespace tidegate::actors
