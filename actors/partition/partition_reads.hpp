#pragma once

#include "actors/partition/older_files.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/repeated_reads.hpp"

namespace tidegate::actors {

/// What an offset actor answers about what is stored: records, leader epochs, and where native positions lie.
class partition_reads {
 public:
  partition_reads(partition_log& log, older_files& older, repeated_reads& repeated)
    : log_(log), older_(older), repeated_(repeated) {}

  void fetch(const msg::fetch_read& m);
  void end_of_epoch(const msg::offset_for_leader_epoch& m);
  /// Where a position that a native subscriber moved lies in this log.
  void translate(const msg::find_by_ts& m);

 private:
  [[nodiscard]] batch_observer noting_hints() const;
  void fetch_from_store(const msg::fetch_read& m, msg::fetch_result result);

  partition_log& log_;
  older_files& older_;
  repeated_reads& repeated_;
};

}  // namespace tidegate::actors
