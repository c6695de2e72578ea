#pragma once

#include "actors/partition/mapping_reports.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/parts_owner.hpp"

#include <cstdint>
#include <functional>

namespace tidegate::actors {

/// The partition entry with the producers at the high watermark, so that the next load need not read any batch. Of more
/// producers than the entry holds the older snapshot stays, so that it reads the batches behind that one, as after a
/// kill: those tell of all of them. Without a clean end nothing is lost, so that a failure stops nobody.
class clean_end {
 public:
  clean_end(partition_log& log, mapping_reports& mappings, parts_owner& owner)
    : log_(log), mappings_(mappings), owner_(owner) {}

  /// `then` runs when it is stored or was not written, at once where there is nothing to write; not behind a reload.
  void write(std::function<void()> then);

  void log_loaded();

 private:
  partition_log& log_;
  mapping_reports& mappings_;
  parts_owner& owner_;
  std::int64_t stored_ = -1;  // the high watermark that the stored partition entry was written at; -1: an older one
};

}  // namespace tidegate::actors
