#pragma once

#include "actors/core/group/group.hpp"
#include "actors/group/group_budget.hpp"
#include "actors/handlers/services.hpp"
#include "actors/settings/options.hpp"
#include "messages/common/live.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace tidegate::actors {

struct retention_settings;

/// Of core::group_options, what the configuration says.
struct live_group_rules {
  live<std::int32_t> initial_rebalance_delay_ms = core::group_options{}.initial_rebalance_delay_ms;
  live<std::int32_t> min_session_timeout_ms = core::group_options{}.min_session_timeout_ms;
  live<std::int32_t> max_session_timeout_ms = core::group_options{}.max_session_timeout_ms;
  live<std::size_t> max_size = core::group_options{}.max_size;
  live<std::size_t> max_metadata_bytes = core::group_options{}.max_metadata_bytes;

  /// `max_offset_metadata_bytes`: one of the handlers' settings.
  [[nodiscard]] core::group_options now(std::int32_t max_offset_metadata_bytes) const;
};

/// Above the sockets, everything that changes when the configuration is read again (option_row::is_live). Whoever uses
/// such a setting has a copy, which is the same setting; see messages/common/live.hpp.
struct live_settings {
  handler_settings handlers;
  live_group_rules groups;
  std::shared_ptr<group_budget> group_bytes = std::make_shared<group_budget>();
  live<std::int64_t> most_partitions = 200'000;  // limits.partitions
  live<std::chrono::milliseconds> producer_expiration = std::chrono::milliseconds{86'400'000};
  live<std::chrono::milliseconds> retention_check = std::chrono::milliseconds{300'000};

  /// Sets all of them. Thread: one at a time.
  void follow(const options& from) const;

  [[nodiscard]] core::group_options group_rules() const { return groups.now(handlers.offset_metadata_max_bytes); }

  /// Of the sweeper.
  [[nodiscard]] retention_settings retention() const;
};

}  // namespace tidegate::actors
