#include "actors/partition/mapping_reports.hpp"

namespace tidegate::actors {

void mapping_reports::report(bool is_last) {
  const auto next_offset = log_.machine->high_watermark();
  const std::pair reported{next_offset, log_.machine->log_start_offset()};
  if (!log_.settings.on_mapping || log_.state.segments.empty() || reported_ == reported) return;
  const auto now = log_.now();
  if (!is_last && last_report_ && now - *last_report_ < log_.settings.mapping_every) return;
  last_report_ = now;
  reported_ = reported;
  const auto& newest = log_.state.segments.back();
  log_.settings.on_mapping({log_.place.topic_id, log_.place.partition, next_offset, log_.machine->last_ts_ns(),
                            newest.leader_epoch, log_.machine->log_start_offset(), newest.name});
}

}  // namespace tidegate::actors
