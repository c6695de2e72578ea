#pragma once

#include "smq/segments/index_cache.hpp"
#include "smq/segments/log.hpp"

#include <memory>

/// Reading stored batches (design §6.4). Nothing is served that does not prove to be this partition's next batch.
namespace tidegate::smq {

/// What a read needs of the log: a copy of the few segments that it may touch, or of all of them.
struct log_view {
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t log_start = 0;
  std::int64_t end_offset = 0;  // the high watermark: nothing at or above it is read
  std::vector<offset_gap> gaps;
  std::vector<segment> segments;  // ascending
};

/// The segments from the one that holds `offset` on, at most `max_segments` of them; `end_offset` (at most
/// log.next_offset) ends the view early where later segments are left out.
std::shared_ptr<const log_view> make_view(const log_state& log, const partition_place& place, std::int64_t offset,
                                          std::int64_t end_offset, std::size_t max_segments = 2);

/// Reads batches in order: the first one contains `offset`, each continues the one before it (or a declared gap), at
/// least one, and at most `max_bytes` together from the second one on. An `offset` inside a declared gap goes on at its
/// end. At the view's end the answer is ok and empty. Batches before a damaged place are answered; the read that begins
/// there fails.
/// Errors: damaged() (magic, CRC, topic id, partition or offsets do not agree; an undeclared gap);
///         absent (a chunk is gone: the segment was merged or trimmed, take a new view); the port's doubts as they
///         came.
/// Thread: any; `done` runs once, on a thread of the engine or before this returns, as does `seen`. `ports` and `index`
/// (may be null) must outlive it.
void read_log(engine ports, std::shared_ptr<const log_view> view, std::int64_t offset, std::size_t max_bytes,
              time_point deadline, index_cache* index, completion<result<std::vector<shared_bytes>>> done,
              batch_observer seen = nullptr);

/// The first batch at or above the log start whose largest record timestamp is at least `timestamp_ms`; the caller
/// opens it, because a record below the log start or an older one may come first. An empty value: there is none.
/// `view`: of all segments (make_view with SIZE_MAX).
/// Errors and threads as read_log().
void find_by_timestamp(engine ports, std::shared_ptr<const log_view> view, std::int64_t timestamp_ms,
                       time_point deadline, completion<result<shared_bytes>> done);

/// Where the newest record may be that is not below the log start.
struct newest_batches {
  shared_bytes first;   // the one that the log start lies in: its newest record may be below it
  shared_bytes behind;  // of those behind it, the first whose largest record timestamp is the largest; empty: none
};

/// Reads every batch of the view from the log start on. Both are empty where nothing is stored.
/// Errors and threads as read_log().
void find_newest(engine ports, std::shared_ptr<const log_view> view, time_point deadline,
                 completion<result<newest_batches>> done);

}  // namespace tidegate::smq
