#pragma once

#include "actors/core/tail_cache.hpp"
#include "actors/metrics/topic_metrics.hpp"
#include "actors/partition/inflater.hpp"
#include "actors/partition/merge_turns.hpp"
#include "messages/common/live.hpp"
#include "messages/kafka/record_batch.hpp"
#include "smq/mappings.hpp"
#include "smq/segments/log.hpp"
#include "smq/segments/plan_merge.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace tidegate::actors {

struct partition_settings {
  kafka::batch_limits batches;                       // but for their size
  live<std::int32_t> message_max_bytes = 1048588;    // message.max.bytes of topics without their own
  smq::append_options segments;                      // the engine's
  std::size_t appends_at_once = 1;                   // the engine's; whose chunks are put or wait for their entry
  std::size_t overlap_bytes = 0;                     // the engine's; queued for another while one is on its way
  smq::merge_rules merges;                           // the engine's, but for ages
  live<std::int64_t> retention_ms = -1;              // log.retention.ms of topics without their own
  std::shared_ptr<merge_turns> turns = std::make_shared<merge_turns>();  // shared by all partitions of the node
  std::chrono::milliseconds merge_timeout{60'000};   // for copying
  /// Shared by all partitions of the node, and kept by somebody else, too: see its destructor.
  std::shared_ptr<inflater> inflations = std::make_shared<inflater>(1);
  std::size_t segments_per_trim = 64;                // deleted with one write: a window takes 128 mutations
  std::size_t tail_bytes = std::size_t{8} << 20;     // newest batches kept in memory
  std::shared_ptr<core::tail_budget> tails;          // of all partitions together; null: no limit
  std::shared_ptr<topic_metrics> metrics = std::make_shared<topic_metrics>(1000);
  std::size_t max_parked = 10'000;                   // requests that wait while the log is loaded
  std::chrono::milliseconds reload_backoff{200};     // after a load that failed
  std::chrono::milliseconds idle_after{600'000};     // without requests for so long, the actor goes
  /// A batch that is older is not sent again: its client would have done so while the node was up, and gives up after
  /// delivery.timeout.ms, 2 minutes by default and rarely as much as an hour.
  std::chrono::milliseconds retries_within{3'600'000};
  std::size_t snapshot_bytes = smq::partition_entry::max_snapshot_bytes;  // of the producers
  live<std::chrono::milliseconds> producer_expiration = std::chrono::milliseconds{86'400'000};  // producer.id.…
  std::chrono::milliseconds mapping_every{60'000};   // least time between two reports, but for the last one
  /// Where the partition's newest offset lies now; called on the actor's thread. Null: nobody wants to know.
  std::function<void(const smq::mapping_record&)> on_mapping;
};

}  // namespace tidegate::actors
