#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/counter.hpp"
#include "messages/common/error_code.hpp"
#include "messages/common/refused_times.hpp"
#include "messages/common/reply.hpp"
#include "messages/common/uuid.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What one partition's offset actor is asked. `reply` members answer exactly once, whatever becomes of the actor.
/// `topic` is the name, for loading and messages; `topic_id` decides which topic is meant.
/// `current_leader_epoch`: -1 = the client does not say (no check).
namespace tidegate::msg {

struct append_result {
  error_code error = error_code::none;
  std::int64_t base_offset = -1;
  std::int64_t log_append_time_ms = -1;  // -1: the topic keeps CreateTime
  std::int64_t log_start_offset = -1;
  std::string error_message;  // "" = none
  std::shared_ptr<const refused_times> out_of_range{};  // null: the times of records are not what is wrong
};

/// Appends one produced batch. Answered when it is stored (acks 1 and -1 alike); with acks 0 the answer only tells the
/// connection whether to close.
struct append {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  shared_bytes records;  // as produced: not validated, this actor alone may write to the bytes
  std::int16_t acks = -1;
  reply<append_result> answer;
  std::string client_host{};  // whose turn it is where many want the same: as DescribeGroups shows it
};

struct epoch_and_offset {
  std::int32_t epoch = -1;
  std::int64_t end_offset = -1;
  friend bool operator==(const epoch_and_offset&, const epoch_and_offset&) = default;
};

struct fetch_result {
  error_code error = error_code::none;
  std::int64_t high_watermark = -1;
  std::int64_t last_stable_offset = -1;
  std::int64_t log_start_offset = -1;
  std::vector<shared_bytes> batches;  // whole batches in offset order; may begin below the fetch offset, as in Kafka
  epoch_and_offset diverging_epoch{};   // epoch -1: none
  std::shared_ptr<topic_counters> counters{};  // of the topic; null: nobody counts
};

/// Reads what is there now; never waits for new records.
struct fetch_read {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t fetch_offset = 0;
  std::int32_t current_leader_epoch = -1;
  std::int32_t last_fetched_epoch = -1;  // -1: no check for divergence
  std::int32_t max_bytes = 0;            // the first batch is returned even when it is larger
  bool is_for_bounds = false;            // no batches are wanted, only the bounds and errors
  reply<fetch_result> answer;
};

/// Tells once when the high watermark is above `offset` (at once if it is already): true = read again;
/// false = this partition is not served here any more.
struct fetch_wait {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  reply<bool> answer;
  std::weak_ptr<void> interest;  // once it is gone, nobody waits any more and the wait may be dropped unanswered
};

inline constexpr std::int64_t latest_timestamp = -1;
inline constexpr std::int64_t earliest_timestamp = -2;
inline constexpr std::int64_t max_timestamp = -3;  // KIP-734: the record with the largest timestamp

struct list_offsets_result {
  error_code error = error_code::none;
  std::int64_t timestamp = -1;
  std::int64_t offset = -1;  // -1 with `none`: no record has such a timestamp
  std::int32_t leader_epoch = -1;
};

/// The first offset whose record has at least `timestamp` (ms), or one of the special values above.
struct list_offsets {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t timestamp = latest_timestamp;
  std::int32_t current_leader_epoch = -1;
  reply<list_offsets_result> answer;
  std::string client_host{};
};

struct find_by_ts_result {
  error_code error = error_code::kafka_storage_error;
  std::int64_t offset = -1;
};

/// Where a position that a native subscriber stored as `value_ns` goes on: an offset from the log start to the high
/// watermark. Errors: not_leader_or_follower (it cannot be told now), kafka_storage_error (damaged, or gone). Never guessed.
struct find_by_ts {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t value_ns = 0;
  reply<find_by_ts_result> answer;
};

struct trim_result {
  error_code error = error_code::none;
  std::int64_t log_start_offset = -1;  // -1: with an error
};

/// Raises the log start to `offset` (-1: the high watermark) and deletes what lies wholly below it, but never the newest
/// file. Answered when the new log start is stored; at once when it is not below `offset`. `reason`: for the log.
/// `is_visit`: from the retention sweeper, for which alone no offset actor is to stay.
/// Errors: offset_out_of_range (above the high watermark), request_timed_out (stored or not: ask again),
/// kafka_storage_error.
struct trim {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t offset = -1;
  std::string reason;
  bool is_visit = false;
  reply<trim_result> answer;
};

struct offset_for_leader_epoch_result {
  error_code error = error_code::none;
  epoch_and_offset end;  // -1, -1: the epoch is not known
};

/// Where the log of `leader_epoch` (or of the largest epoch below it) ends. Source: OffsetForLeaderEpoch (API key 23).
struct offset_for_leader_epoch {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int32_t current_leader_epoch = -1;
  std::int32_t leader_epoch = 0;
  reply<offset_for_leader_epoch_result> answer;
};

}  // namespace tidegate::msg
