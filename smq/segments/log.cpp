#include "smq/segments/log.hpp"

#include "smq/names.hpp"
#include "smq/segments/big_endian.hpp"
#include "smq/segments/list_segments.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tidegate::smq {

namespace {

void check_continues(const log_tail& tail, const std::vector<planned_batch>& batches) {
  if (batches.empty()) throw std::invalid_argument("nothing to append");
  auto offset = tail.next_offset;
  auto number = tail.next_message_number;
  auto ts_ns = tail.last_ts_ns;
  for (const auto& b : batches) {
    if (b.base_offset != offset || b.message_number != number || b.ts_ns <= ts_ns || b.record_count < 1)
      throw std::invalid_argument("a planned batch does not continue the log");
    offset += b.record_count;
    ++number;
    ts_ns = b.ts_ns;
  }
}

void note_epoch(std::vector<epoch_start>& epochs, std::int32_t epoch, std::int64_t start_offset) {
  if (epochs.empty() || epochs.back().epoch < epoch) epochs.push_back({epoch, start_offset});
}

partition_entry entry_of(const log_state& log, const partition_place& place) {
  return {.topic_id = place.topic_id,
          .partition = place.partition,
          .log_start = log.log_start,
          .next_offset = log.next_offset,
          .next_message_number = log.next_message_number,
          .last_ts_ns = log.last_ts_ns,
          .epochs = log.epochs,
          .gaps = log.gaps,
          .snapshot_offset = log.snapshot_offset,
          .snapshot = log.snapshot,
          .marks = log.marks};
}

mutation put_partition_entry(const partition_entry& e, const partition_place& place) {
  return {mutation::kind::put, {partition_entry_path(place.directory), encode_partition_entry(e), {}, {}}};
}

segment new_segment(const log_tail& tail, const partition_place& place, const planned_batch& first) {
  segment s;
  s.name_second = name_second_for(first.ts_ns, place.span_seconds, tail.name_second);
  s.name = segment_name(s.name_second, first.base_offset);
  s.path = place.directory + "/" + s.name;
  s.base_offset = s.next_offset = first.base_offset;
  s.first_ts_ns = s.last_ts_ns = first.ts_ns;
  s.leader_epoch = first.leader_epoch;
  s.first_message_number = s.next_message_number = first.message_number;
  return s;
}

bool takes(const segment& s, const planned_batch& b) {
  return b.leader_epoch == s.leader_epoch && fits_name_second(b.ts_ns, s.name_second);
}

void extend(segment& s, const planned_batch& b) {
  s.next_offset = b.base_offset + b.record_count;
  s.last_ts_ns = b.ts_ns;
  s.max_timestamp = std::max(s.max_timestamp, b.max_timestamp);
  s.next_message_number = b.message_number + 1;
}

/// The file of the append: its chunk behind those that were there.
segment with_chunk(std::vector<chunk_ref> before, const uploaded_append& append) {
  auto s = append.plan.after;
  s.chunks = std::move(before);
  s.chunks.push_back({append.id, s.size_bytes(), append.plan.chunk_bytes, s.last_ts_ns});
  return s;
}

/// All of a plan but the chunk: which batches, and into which file.
append_plan plan_segment(const log_tail& tail, const partition_place& place, const std::vector<planned_batch>& batches,
                         const append_options& options) {
  check_continues(tail, batches);
  append_plan plan;
  plan.place = place;
  const auto& first = batches.front();
  plan.rolls = !tail.open || tail.open_chunks >= options.max_chunks_per_segment ||
               tail.open_bytes + first.batch.size() > options.max_segment_bytes ||
               tail.open->next_offset != first.base_offset || !takes(*tail.open, first);
  plan.after = plan.rolls ? new_segment(tail, place, first) : *tail.open;
  auto bytes = plan.rolls ? 0 : tail.open_bytes;
  for (const auto& b : batches) {
    bytes += b.batch.size();
    if (!takes(plan.after, b) || (plan.covered > 0 && bytes > options.max_segment_bytes)) break;
    extend(plan.after, b);
    ++plan.covered;
  }
  return plan;
}

void finish_plan(append_plan& plan, const log_tail& before) {
  for (const auto& part : plan.chunk) plan.chunk_bytes += part.size();
  plan.tail = {plan.after.next_offset,
               plan.after.next_message_number,
               plan.after.last_ts_ns,
               plan.after.name_second,
               plan.after,
               (plan.rolls ? 0 : before.open_chunks) + 1,
               (plan.rolls ? 0 : before.open_bytes) + plan.chunk_bytes};
}

}  // namespace

std::optional<offset_gap> undeclared_tail_gap(const log_state& log, std::int32_t new_epoch) {
  auto end = log.segments.empty() ? log.log_start : std::max(log.log_start, log.segments.back().next_offset);
  for (const auto& g : log.gaps)
    if (g.from <= end && end < g.to) end = g.to;
  if (end >= log.next_offset) return std::nullopt;
  return offset_gap{end, log.next_offset, new_epoch};
}

void declare_gap(log_state& log, const offset_gap& gap) {
  log.gaps.push_back(gap);
  log.next_offset = std::max(log.next_offset, gap.to);
  note_epoch(log.epochs, gap.epoch, gap.to);
}

log_tail tail_of(const log_state& log, bool new_leader) {
  log_tail tail;
  tail.next_offset = log.next_offset;
  tail.next_message_number = log.next_message_number;
  tail.last_ts_ns = log.last_ts_ns;
  if (log.segments.empty()) return tail;
  const auto& newest = log.segments.back();
  tail.name_second = newest.name_second;
  if (new_leader) return tail;
  tail.open = newest;
  tail.open->chunks.clear();
  tail.open_chunks = newest.chunks.size();
  tail.open_bytes = newest.size_bytes();
  return tail;
}

append_plan plan_append(const log_tail& tail, const partition_place& place, const std::vector<planned_batch>& batches,
                        const append_options& options) {
  auto plan = plan_segment(tail, place, batches, options);
  auto end = batches.begin() + static_cast<std::ptrdiff_t>(plan.covered);
  plan.chunk = encode_log_entries(place.topic_id, place.partition, {batches.begin(), end});
  finish_plan(plan, tail);
  return plan;
}

append_plan plan_messages(const log_tail& tail, const partition_place& place,
                          const std::vector<plain_message>& messages, std::int32_t leader_epoch,
                          const append_options& options) {
  std::vector<planned_batch> records;
  for (const auto& m : messages)
    records.push_back({shared_bytes::copy_of(as_byte_view(m.value)), m.message_number, leader_epoch, 1, m.ts_ns,
                       m.message_number, -1});
  auto plan = plan_segment(tail, place, records, options);
  auto end = messages.begin() + static_cast<std::ptrdiff_t>(plan.covered);
  plan.chunk.emplace_back(encode_messages({messages.begin(), end}));
  finish_plan(plan, tail);
  return plan;
}

std::vector<mutation> mutations(const log_state& log, std::span<const uploaded_append> appends) {
  std::vector<mutation> all;
  const auto& first = appends.front().plan;
  if (first.rolls) {
    auto e = entry_of(log, first.place);
    note_epoch(e.epochs, first.after.leader_epoch, first.after.base_offset);
    all.push_back(put_partition_entry(e, first.place));
  }
  auto file = with_chunk(first.rolls ? std::vector<chunk_ref>{} : log.segments.back().chunks, appends.front());
  auto new_bytes = first.chunk_bytes;
  for (const auto& append : appends.subspan(1)) {
    file = with_chunk(std::move(file.chunks), append);
    new_bytes += append.plan.chunk_bytes;
  }
  all.push_back(put_segment(std::move(file), first.place));
  all.back().new_chunk_bytes = new_bytes;
  return all;
}

mutation put_segment(segment s, const partition_place& place) {
  const segment_attributes attributes{.base_offset = s.base_offset,
                                      .next_offset = s.next_offset,
                                      .first_ts_ns = s.first_ts_ns,
                                      .last_ts_ns = s.last_ts_ns,
                                      .max_timestamp = s.max_timestamp,
                                      .leader_epoch = s.leader_epoch,
                                      .topic_id = place.topic_id,
                                      .partition = place.partition,
                                      .first_message_number = s.first_message_number,
                                      .last_message_number = s.next_message_number - 1,
                                      .size_bytes = s.size_bytes()};
  return {mutation::kind::put, {std::move(s.path), "", encode_segment_attributes(attributes), std::move(s.chunks)}};
}

void apply(log_state& log, const uploaded_append& append) {
  const auto& after = append.plan.after;
  if (append.plan.rolls) {
    log.segments.push_back(with_chunk({}, append));
    note_epoch(log.epochs, after.leader_epoch, after.base_offset);
    add_marks(log);
  } else {
    auto& newest = log.segments.back();
    newest = with_chunk(std::move(newest.chunks), append);
  }
  log.next_offset = after.next_offset;
  log.last_ts_ns = after.last_ts_ns;
  log.next_message_number = after.next_message_number;
}

void set_snapshot(log_state& log, byte_buffer snapshot, std::int64_t offset) {
  if (snapshot.size() > partition_entry::max_snapshot_bytes) throw std::invalid_argument("the snapshot is too large");
  log.snapshot = std::move(snapshot);
  log.snapshot_offset = offset;
}

mutation write_partition_entry(const log_state& log, const partition_place& place) {
  return put_partition_entry(entry_of(log, place), place);
}

mutation write_partition_entry(const log_state& log, const partition_place& place, std::vector<segment_mark> marks) {
  auto e = entry_of(log, place);
  e.marks = std::move(marks);
  return put_partition_entry(e, place);
}

mutation write_checkpoint(const log_state& log, const partition_place& place) {
  auto content = be_writer{}.put(log.next_message_number - 1).take();
  return {mutation::kind::put, {checkpoint_path(place.directory), std::move(content), {}, {}}};
}

}  // namespace tidegate::smq
