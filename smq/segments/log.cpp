#include "smq/segments/log.hpp"

#include "smq/segments/big_endian.hpp"
#include "smq/segments/list_segments.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"

#include <algorithm>
#include <stdexcept>

namespace tidegate::smq {

namespace {

void check_continues(const log_state& log, const std::vector<planned_batch>& batches) {
  if (batches.empty()) throw std::invalid_argument("nothing to append");
  auto offset = log.next_offset;
  auto number = log.next_message_number;
  auto ts_ns = log.last_ts_ns;
  for (const auto& b : batches) {
    if (b.base_offset != offset || b.message_number != number || b.ts_ns <= ts_ns || b.record_count < 1)
      throw std::invalid_argument("a planned batch does not continue the log");
    offset += b.record_count;
    ++number;
    ts_ns = b.ts_ns;
  }
}

std::uint64_t total_size(const std::vector<shared_bytes>& parts) {
  std::uint64_t size = 0;
  for (const auto& p : parts) size += p.size();
  return size;
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
  return {mutation::kind::put, {place.directory + "/tidegate.offset", encode_partition_entry(e), {}, {}}};
}

segment new_segment(const log_state& log, const partition_place& place, const planned_batch& first) {
  segment s;
  auto newest = log.segments.empty() ? -1 : log.segments.back().name_second;
  s.name_second = name_second_for(first.ts_ns, place.span_seconds, newest);
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

segment with_chunk(const append_plan& plan, const chunk_id& id) {
  auto s = plan.after;
  s.chunks.push_back({id, s.size_bytes(), plan.chunk_bytes, s.last_ts_ns});
  return s;
}

/// All of a plan but the chunk: which batches, and into which file.
append_plan plan_segment(const log_state& log, const partition_place& place, const std::vector<planned_batch>& batches,
                         bool new_leader, const append_options& options) {
  check_continues(log, batches);
  append_plan plan;
  plan.place = place;
  const auto& first = batches.front();
  const auto* open = log.segments.empty() ? nullptr : &log.segments.back();
  plan.rolls = new_leader || !open || open->chunks.size() >= options.max_chunks_per_segment ||
               open->size_bytes() + first.batch.size() > options.max_segment_bytes ||
               open->next_offset != first.base_offset || !takes(*open, first);
  plan.after = plan.rolls ? new_segment(log, place, first) : *open;
  auto bytes = plan.after.size_bytes();
  for (const auto& b : batches) {
    bytes += b.batch.size();
    if (!takes(plan.after, b) || (plan.covered > 0 && bytes > options.max_segment_bytes)) break;
    extend(plan.after, b);
    ++plan.covered;
  }
  return plan;
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
}

append_plan plan_append(const log_state& log, const partition_place& place, const std::vector<planned_batch>& batches,
                        bool new_leader, const append_options& options) {
  auto plan = plan_segment(log, place, batches, new_leader, options);
  auto end = batches.begin() + static_cast<std::ptrdiff_t>(plan.covered);
  plan.chunk = encode_log_entries(place.topic_id, place.partition, {batches.begin(), end});
  plan.chunk_bytes = total_size(plan.chunk);
  return plan;
}

append_plan plan_messages(const log_state& log, const partition_place& place,
                          const std::vector<plain_message>& messages, std::int32_t leader_epoch, bool new_leader,
                          const append_options& options) {
  std::vector<planned_batch> records;
  for (const auto& m : messages)
    records.push_back({shared_bytes::copy_of(as_byte_view(m.value)), m.message_number, leader_epoch, 1, m.ts_ns,
                       m.message_number, -1});
  auto plan = plan_segment(log, place, records, new_leader, options);
  auto end = messages.begin() + static_cast<std::ptrdiff_t>(plan.covered);
  plan.chunk.emplace_back(encode_messages({messages.begin(), end}));
  plan.chunk_bytes = total_size(plan.chunk);
  return plan;
}

std::vector<mutation> mutations(const log_state& log, const append_plan& plan, const chunk_id& id) {
  std::vector<mutation> all;
  if (plan.rolls) {
    auto e = entry_of(log, plan.place);
    note_epoch(e.epochs, plan.after.leader_epoch, plan.after.base_offset);
    all.push_back(put_partition_entry(e, plan.place));
  }
  all.push_back(put_segment(with_chunk(plan, id), plan.place));
  all.back().new_chunk_bytes = plan.chunk_bytes;
  return all;
}

mutation put_segment(const segment& s, const partition_place& place) {
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
  return {mutation::kind::put, {s.path, "", encode_segment_attributes(attributes), s.chunks}};
}

void apply(log_state& log, const append_plan& plan, const chunk_id& id) {
  if (plan.rolls) {
    log.segments.push_back(with_chunk(plan, id));
    note_epoch(log.epochs, plan.after.leader_epoch, plan.after.base_offset);
    add_marks(log);
    log.has_partition_entry = true;
  } else {
    log.segments.back() = with_chunk(plan, id);
  }
  log.next_offset = plan.after.next_offset;
  log.last_ts_ns = plan.after.last_ts_ns;
  log.next_message_number = plan.after.next_message_number;
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
  return {mutation::kind::put, {place.directory + "/checkpoint.offset", std::move(content), {}, {}}};
}

}  // namespace tidegate::smq
