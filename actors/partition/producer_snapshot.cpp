#include "actors/partition/producer_snapshot.hpp"

#include <limits>

namespace tidegate::actors {

std::optional<std::int64_t> producers_now_ms(const partition_log& log) {
  return log.store->clock->age_now_ms(log.settings.producer_expiration, log.settings.retries_within);
}

void take_snapshot(partition_log& log) {
  if (const auto now_ms = producers_now_ms(log))
    log.machine->expire_producers(*now_ms, log.settings.producer_expiration.get().count());
  smq::set_snapshot(log.state, log.machine->producers().encode(log.settings.snapshot_bytes),
                    log.machine->high_watermark());
}

bool snapshot_tells_all(partition_log& log) {
  const auto now_ms = producers_now_ms(log);
  if (!now_ms)
    return log.machine->producers().fits(log.settings.snapshot_bytes, std::numeric_limits<std::int64_t>::min());
  log.machine->expire_producers(*now_ms, log.settings.producer_expiration.get().count());
  return log.machine->producers().fits(log.settings.snapshot_bytes, *now_ms - log.settings.retries_within.count());
}

}  // namespace tidegate::actors
