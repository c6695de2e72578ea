#pragma once

#include "actors/core/producer_state.hpp"
#include "messages/common/bytes.hpp"
#include "messages/common/epoch_start.hpp"
#include "messages/common/error_code.hpp"
#include "messages/common/planned_batch.hpp"
#include "messages/kafka/record_batch.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace tidegate::core {

/// Where the batches of a leader epoch end; -1, -1: unknown epoch.
struct epoch_end {
  std::int32_t epoch = -1;
  std::int64_t end_offset = -1;
  friend bool operator==(const epoch_end&, const epoch_end&) = default;
};

/// What storage says about a partition when it is loaded.
struct partition_start {
  std::int32_t leader_epoch = 0;  // of this leader
  std::int64_t log_start_offset = 0;
  std::int64_t next_offset = 0;  // everything below it is stored
  std::int64_t next_message_number = 0;
  std::int64_t last_ts_ns = 0;
  std::vector<epoch_start> epochs;  // ascending
};

/// A batch that validate_batch() accepted.
struct produced_batch {
  shared_bytes batch;  // nobody else reads it yet: offset and epoch are written into it
  producer_claim producer;
  std::int32_t record_count = 0;
  std::int64_t max_timestamp = -1;  // ms
};

/// The producer of a batch: of a produced one, or of a stored one when the log is read again.
producer_claim claim_of(const kafka::batch_header& header);

/// `check`: what validate_batch() said about `batch`, without an error.
produced_batch to_produced(shared_bytes batch, const kafka::batch_check& check);

struct append_rules {
  std::size_t max_append_bytes = std::size_t{1} << 20;
  bool uses_log_append_time = false;  // message.timestamp.type
};

struct fetch_check {
  error_code error = error_code::none;  // fenced_leader_epoch, unknown_leader_epoch, offset_out_of_range
  epoch_end diverging;                  // epoch -1: the client's log is a prefix of ours
  friend bool operator==(const fetch_check&, const fetch_check&) = default;
};

/// The rules of one partition that is led here. Batches are offered (queued, with a base offset), planned (with a place
/// in an append) and applied (stored). Only what is applied is visible.
class partition_machine {
 public:
  partition_machine(const partition_start& start, producer_state producers);

  /// Queues the batch at the end of the log, unless the verdict is not `append`. With `append`, base_offset is the
  /// batch's own; answer it once applied. With `duplicate_undecided` it is the first copy's: answer both together.
  produce_verdict offer(produced_batch batch, std::int64_t now_ns);

  [[nodiscard]] bool has_queued() const { return !queue_.empty(); }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }

  /// Takes the queued batches that fit into the next append, at least one, and writes offset, epoch (and, by the rules,
  /// LogAppendTime) into them. Empty when nothing is queued. May be called while an earlier plan is not yet applied.
  std::vector<planned_batch> plan(std::int64_t now_ns, const append_rules& rules);

  /// Makes a stored plan visible. Plans are applied whole and in order; std::logic_error otherwise.
  void apply(std::span<const planned_batch> stored);

  /// Forgets everything that is offered or planned and not applied, and takes its offsets back. Only right when none of
  /// it can be stored any more.
  void abandon();

  [[nodiscard]] std::int64_t log_start_offset() const { return log_start_offset_; }
  /// High watermark, last stable offset and, without queued batches, the next offset.
  [[nodiscard]] std::int64_t high_watermark() const { return applied_.next_offset; }
  [[nodiscard]] std::int64_t next_offset() const { return offered_next_offset_; }
  [[nodiscard]] std::int64_t next_message_number() const { return applied_.next_message_number; }
  [[nodiscard]] std::int64_t last_ts_ns() const { return applied_.last_ts_ns; }
  [[nodiscard]] std::int32_t leader_epoch() const { return leader_epoch_; }
  [[nodiscard]] const std::vector<epoch_start>& epochs() const { return epochs_; }
  [[nodiscard]] const producer_state& producers() const { return producers_; }

  /// Batches that others gave up, see producer_state.
  void expect_first_batches_of(const producer_state& given_up) { producers_.expect_first_batches_of(given_up); }

  void expire_producers(std::int64_t now_ms, std::int64_t max_idle_ms) { producers_.expire(now_ms, max_idle_ms); }

  /// Where the log start shall be for somebody who wants it at `offset`; -1: at the high watermark. Below the present
  /// one nothing is to be done. nullopt: offset_out_of_range. Source: DeleteRecords (API key 21).
  [[nodiscard]] std::optional<std::int64_t> trim_target(std::int64_t offset) const;

  /// Raises the log start, once that is stored; `log_start_offset`: at most the high watermark.
  void trim(std::int64_t log_start_offset);

  /// fenced_leader_epoch, unknown_leader_epoch or none; -1: the client does not say.
  [[nodiscard]] error_code check_leader_epoch(std::int32_t current_leader_epoch) const;

  /// May a Fetch read from here? Bounds for offset_out_of_range are log_start_offset() and high_watermark().
  [[nodiscard]] fetch_check check_fetch(std::int64_t fetch_offset, std::int32_t current_leader_epoch,
                                        std::int32_t last_fetched_epoch) const;

  /// Source: OffsetForLeaderEpoch (API key 23), KIP-320.
  [[nodiscard]] epoch_end end_of_epoch(std::int32_t epoch) const;

  /// The epoch of the batch at `offset`; -1: none is known.
  [[nodiscard]] std::int32_t epoch_at(std::int64_t offset) const;

 private:
  struct position {
    std::int64_t next_offset = 0;
    std::int64_t next_message_number = 0;
    std::int64_t last_ts_ns = 0;
  };
  struct queued_batch {
    produced_batch what;
    std::int64_t base_offset = 0;
  };
  struct undecided_batch {
    producer_claim producer;
    std::int64_t base_offset = 0;
    std::int64_t planned_ms = 0;  // by the clock, which ts_ns may be ahead of
  };

  std::int32_t leader_epoch_;
  std::int64_t log_start_offset_;
  position applied_;
  position planned_;
  std::int64_t offered_next_offset_;
  std::vector<epoch_start> epochs_;
  producer_state producers_;
  std::deque<queued_batch> queue_;
  std::size_t queued_bytes_ = 0;
  std::deque<undecided_batch> undecided_;  // planned, not applied
};

}  // namespace tidegate::core
