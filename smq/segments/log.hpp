#pragma once

#include "messages/common/planned_batch.hpp"
#include "messages/common/uuid.hpp"
#include "smq/ports.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/partition_entry.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// The log of a partition over the ports (design §6.1-6.4): values, and functions that plan what to write.
/// Only load_log() and list_segments() touch a port; the plans go through the partition's session.
namespace tidegate::smq {

/// Where a partition lives and who it is.
struct partition_place {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::string directory;  // absolute, no '/' at the end
  std::int64_t span_seconds = 600;
};

/// One segment file. Offsets are Kafka's, message numbers SMQ's.
struct segment {
  std::string name;
  std::string path;
  std::int64_t base_offset = 0;
  std::int64_t next_offset = 0;
  std::int64_t first_ts_ns = 0;
  std::int64_t last_ts_ns = 0;
  std::int64_t max_timestamp = -1;  // ms; -1: no record has one
  std::int32_t leader_epoch = 0;
  std::vector<chunk_ref> chunks;
  std::int64_t name_second = 0;
  std::int64_t first_message_number = 0;
  std::int64_t next_message_number = 0;
  friend bool operator==(const segment&, const segment&) = default;

  [[nodiscard]] std::uint64_t size_bytes() const {
    return chunks.empty() ? 0 : chunks.back().offset + chunks.back().size;
  }
  /// How old it is to retention.ms: by its records, or by when the last one was stored, if no record has a timestamp.
  [[nodiscard]] std::int64_t newest_ms() const { return max_timestamp >= 0 ? max_timestamp : last_ts_ns / 1'000'000; }
};

/// Names from `from` on and below `to`, and with them offsets: a segment starts inside or not. nullopt: no bound.
struct segment_range {
  std::optional<segment_mark> from;
  std::optional<segment_mark> to;
  friend bool operator==(const segment_range&, const segment_range&) = default;
};

struct log_state {
  std::int64_t log_start = 0;
  std::int64_t next_offset = 0;
  std::int64_t last_ts_ns = 0;
  std::int64_t next_message_number = 0;
  std::vector<epoch_start> epochs;
  std::vector<offset_gap> gaps;
  std::vector<segment> segments;      // ascending; without those in `unlisted`
  std::vector<segment_range> unlisted;  // ascending; older files that nobody has needed yet
  std::vector<segment_mark> marks;      // ascending; where a later load may begin to list
  byte_buffer snapshot;               // the producer snapshot as its owner encoded it
  std::int64_t snapshot_offset = -1;  // up to which offset the snapshot goes; -1: there is none
  std::size_t foreign_files = 0;  // files that are not ours, found by load_log(): not served, to be reported
  std::vector<std::string> leftovers;  // paths of files that a merged one stands for: to be erased before any merge
  friend bool operator==(const log_state&, const log_state&) = default;
};

/// Which segments a load lists: a long log has very many, and most requests need only the newest.
enum class load_extent : std::uint8_t { all, newest };

/// Reads the partition entry (absent = a new log) and lists the segments with their chunks. `newest`: those from the
/// entry's last mark on; the others are in `unlisted`.
/// Errors: damaged() (an entry that cannot be read or is another partition's, segments that overlap);
///         every doubt of the port as it came.
/// Thread: any; `done` runs once, on a thread of the engine or before this returns. `ports` must outlive it.
void load_log(engine ports, partition_place place, load_extent extent, time_point deadline,
              completion<result<log_state>> done);

/// Storage was rewound: the partition entry remembers offsets that no segment holds and no gap declares.
/// The leader raises its epoch and declares the gap before its first append.
std::optional<offset_gap> undeclared_tail_gap(const log_state& log, std::int32_t new_epoch);

/// Adds the gap, and its epoch from the gap's end on: no later load may serve a lower one, also if nothing is appended.
/// The caller must have write_partition_entry() stored before it serves the log.
void declare_gap(log_state& log, const offset_gap& gap);

struct append_options {
  std::size_t max_chunks_per_segment = 64;             // longer chunk lists make every append slower
  std::uint64_t max_segment_bytes = 64 * 1024 * 1024;  // and retention deletes whole segments
};

/// Where the next batch goes. Ahead of the log while appends are on their way.
struct log_tail {
  std::int64_t next_offset = 0;
  std::int64_t next_message_number = 0;
  std::int64_t last_ts_ns = 0;
  std::int64_t name_second = -1;  // of the newest file
  std::optional<segment> open;    // without its chunks; nullopt: the next append begins a file
  std::size_t open_chunks = 0;
  std::uint64_t open_bytes = 0;
};

/// `new_leader`: the first append of a leader, who never puts its predecessor's open file again.
log_tail tail_of(const log_state& log, bool new_leader);

/// One chunk and what the segment's entry says after it. Pure: nothing changes until apply().
struct append_plan {
  std::size_t covered = 0;          // how many of the batches are in the chunk: the rest needs another plan
  std::vector<shared_bytes> chunk;  // the parts for chunk_port::put
  std::uint64_t chunk_bytes = 0;
  bool rolls = false;  // a new segment file
  segment after;       // without its chunks: the log knows those before, and this one has no id yet
  log_tail tail;       // after it
  partition_place place;
};

/// Plans the chunk of the leading batches that fit one segment file. `batches`: not empty, in order, continuing `tail`.
/// Errors: throws std::invalid_argument when the batches do not continue the log (a bug of the caller).
append_plan plan_append(const log_tail& tail, const partition_place& place, const std::vector<planned_batch>& batches,
                        const append_options& options = {});

/// The same for messages that are no record batches, in a log whose offsets are its message numbers: one each, from
/// tail.next_message_number on. Their ts_ns ascend, from above tail.last_ts_ns on.
append_plan plan_messages(const log_tail& tail, const partition_place& place,
                          const std::vector<plain_message>& messages, std::int32_t leader_epoch,
                          const append_options& options = {});

/// An append whose chunk is stored.
struct uploaded_append {
  append_plan plan;
  chunk_id id;
};

/// What the session has to write for the appends, in this order: the partition entry when rolling, then the segment.
/// `appends`: not empty, in order, continuing `log`; only the first may roll.
/// `log`: as it is now, before apply(): a trim or a snapshot may have come while the chunks were uploaded.
std::vector<mutation> mutations(const log_state& log, std::span<const uploaded_append> appends);

/// PUT of one segment's entry, with its attributes and chunks.
mutation put_segment(segment s, const partition_place& place);

/// The log after the append is written.
void apply(log_state& log, const uploaded_append& append);

/// Remembers the producer snapshot that the next partition entry carries; `offset`: the next offset it was taken at.
/// Errors: throws std::invalid_argument over partition_entry::max_snapshot_bytes (a bug of the caller).
void set_snapshot(log_state& log, byte_buffer snapshot, std::int64_t offset);

/// PUT of `tidegate.offset` as `log` stands: at creation, clean close, for a declared gap. (A roll has its own.)
mutation write_partition_entry(const log_state& log, const partition_place& place);

/// The same with other marks: what is written together with it changes the list of segments.
mutation write_partition_entry(const log_state& log, const partition_place& place, std::vector<segment_mark> marks);

/// PUT of SMQ's `checkpoint.offset` (last message number, 8-byte big-endian) at creation and clean close, so that a
/// native publisher who ignores the rules at least does not reuse message numbers.
mutation write_checkpoint(const log_state& log, const partition_place& place);

}  // namespace tidegate::smq
