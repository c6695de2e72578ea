#pragma once

#include "actors/partition/partition_appends.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/parts_owner.hpp"
#include "messages/kafka/record_batch.hpp"

#include <list>
#include <utility>

namespace tidegate::actors {

/// Produce, up to the validated batch. One that takes long to decompress is checked elsewhere, and all that come behind
/// it wait for it: in order.
class append_checks {
 public:
  append_checks(partition_log& log, partition_appends& appends, parts_owner& owner)
    : log_(log), appends_(appends), owner_(owner) {}

  void append(const msg::append& m);

  [[nodiscard]] bool is_empty() const { return unchecked_.empty(); }
  /// For another life of the log.
  std::list<msg::append> take() { return std::exchange(unchecked_, {}); }

 private:
  bool decide_quickly(const msg::append& m);
  void check_elsewhere();
  void decide_waiting();
  void checked(const kafka::batch_check& check, bool checked_timestamps);

  partition_log& log_;
  partition_appends& appends_;
  parts_owner& owner_;
  std::list<msg::append> unchecked_;  // the first takes long to decompress; all that came behind it
};

}  // namespace tidegate::actors
