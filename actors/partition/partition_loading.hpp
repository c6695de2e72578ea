#pragma once

#include "actors/partition/doubtful_uploads.hpp"
#include "actors/partition/older_files.hpp"
#include "actors/partition/parked_requests.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/parts_owner.hpp"
#include "smq/segments/index_cache.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::actors {

/// How an offset actor comes to serve: a session, the log, the producers, then whatever waited.
class partition_loading {
 public:
  /// `parked`: what runs when the log is served, and is refused when it cannot be loaded.
  partition_loading(partition_log& log, parked_requests& parked, older_files& older, doubtful_uploads& doubts,
                    parts_owner& owner)
    : log_(log), parked_(parked), older_(older), doubts_(doubts), owner_(owner) {}

  /// Begins another life of the log; what cannot be loaded is tried again by itself.
  void load();

  /// Producers of the life before, with batches that were given up.
  void expect_first_batches_of(core::producer_state before) { producers_before_ = std::move(before); }

 private:
  /// The stored snapshot and what the batches behind it say about producers, as far as they are read.
  struct recovery {
    core::producer_state producers;
    std::int64_t next_offset = 0;  // the first that is not read
    // Its own: a load must not push the points of consumers out of the node's.
    std::shared_ptr<smq::index_cache> index =
      std::make_shared<smq::index_cache>(4 * smq::index_cache::point_bytes);
  };

  void loaded(smq::log_state log);
  void declare_rewind(const smq::offset_gap& gap, std::int32_t epoch);
  void read_producers(std::int32_t epoch);
  void note_producers(const std::vector<shared_bytes>& batches, const std::vector<std::int64_t>& stored_ms);
  void serve(std::int32_t epoch);
  void note_newest_files() const;
  void load_failed(const smq::outcome& why);
  void log_failed_load(const smq::outcome& why);

  partition_log& log_;
  parked_requests& parked_;
  older_files& older_;
  doubtful_uploads& doubts_;
  parts_owner& owner_;
  std::optional<recovery> recovery_;  // outlives a load that fails: the next one goes on where that one stopped
  core::producer_state producers_before_;
  std::uint64_t failed_loads_ = 0;  // in a row
  std::string why_not_loaded_;      // the last reason that was logged
};

}  // namespace tidegate::actors
