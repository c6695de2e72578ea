#include "actors/live_settings.hpp"

#include "actors/partition/retention_sweeper.hpp"

namespace tidegate::actors {

core::group_options live_group_rules::now(std::int32_t max_offset_metadata_bytes) const {
  core::group_options rules;
  rules.initial_rebalance_delay_ms = initial_rebalance_delay_ms;
  rules.min_session_timeout_ms = min_session_timeout_ms;
  rules.max_session_timeout_ms = max_session_timeout_ms;
  rules.max_size = max_size;
  rules.max_metadata_bytes = max_metadata_bytes;
  rules.max_offset_metadata_bytes = static_cast<std::size_t>(max_offset_metadata_bytes);
  return rules;
}

void live_settings::follow(const options& from) const {
  const auto& kafka = from.kafka;
  handlers.auto_create_topics.set(kafka.auto_create_topics_enable);
  handlers.num_partitions.set(static_cast<std::int32_t>(kafka.num_partitions));
  handlers.message_max_bytes.set(static_cast<std::int32_t>(kafka.message_max_bytes));
  handlers.offset_metadata_max_bytes.set(static_cast<std::int32_t>(kafka.offset_metadata_max_bytes));
  handlers.fetch_max_bytes.set(static_cast<std::int32_t>(kafka.fetch_max_bytes));
  handlers.max_elements.set(static_cast<std::uint64_t>(from.limits.elements_per_request));
  handlers.retention_ms.set(kafka.log_retention_ms);
  handlers.retention_bytes.set(kafka.log_retention_bytes);
  handlers.protects_groups.set(from.retention.protect_groups);
  handlers.protect_max_ms.set(from.retention.protect_max_ms);
  groups.initial_rebalance_delay_ms.set(static_cast<std::int32_t>(kafka.group_initial_rebalance_delay_ms));
  groups.min_session_timeout_ms.set(static_cast<std::int32_t>(kafka.group_min_session_timeout_ms));
  groups.max_session_timeout_ms.set(static_cast<std::int32_t>(kafka.group_max_session_timeout_ms));
  groups.max_size.set(static_cast<std::size_t>(kafka.group_max_size));
  groups.max_metadata_bytes.set(static_cast<std::size_t>(from.limits.group_metadata_bytes));
  group_bytes->most.set(from.limits.node_group_bytes);
  most_partitions.set(from.limits.partitions);
  producer_expiration.set(std::chrono::milliseconds{kafka.producer_id_expiration_ms});
  retention_check.set(std::chrono::milliseconds{kafka.log_retention_check_interval_ms});
}

retention_settings live_settings::retention() const {
  retention_settings settings;
  settings.check_interval = retention_check;
  settings.retention_ms = handlers.retention_ms;
  settings.retention_bytes = handlers.retention_bytes;
  settings.protects_groups = handlers.protects_groups;
  settings.protect_max_ms = handlers.protect_max_ms;
  return settings;
}

}  // namespace tidegate::actors
