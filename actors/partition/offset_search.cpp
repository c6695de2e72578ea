#include "actors/partition/offset_search.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tidegate::actors {

void offset_search::list(const msg::list_offsets& m) {
  msg::list_offsets_result result;
  result.error = log_.machine->check_leader_epoch(m.current_leader_epoch);
  if (result.error != error_code::none) return m.answer(result);
  if (m.timestamp == msg::latest_timestamp) {
    result.offset = log_.machine->high_watermark();
    result.leader_epoch = log_.machine->leader_epoch();
    return m.answer(result);
  }
  if (m.timestamp == msg::earliest_timestamp) {
    result.offset = log_.machine->log_start_offset();
    result.leader_epoch = std::max(log_.machine->epoch_at(result.offset), 0);
    return m.answer(result);
  }
  if (older_.lists_first(smq::newest_unlisted(log_.state), m, *this, &offset_search::list)) return;
  if (m.timestamp != msg::max_timestamp)
    return list_by_timestamp(m, m.timestamp, false, log_.machine->log_start_offset());
  list_newest(m);
}

/// Files say what their largest timestamp is; the log start may lie inside the first one.
void offset_search::list_newest(const msg::list_offsets& m) {
  std::int64_t newest = -1;
  auto from = log_.machine->log_start_offset();
  for (const auto& s : log_.state.segments) {
    if (s.next_offset <= log_.machine->log_start_offset()) continue;
    if (newest < 0) from = s.base_offset;
    newest = std::max(newest, s.max_timestamp);
  }
  if (newest < 0) return m.answer(msg::list_offsets_result{});
  list_by_timestamp(m, newest, true, from);
}

/// `from`: where to begin; below the log start when only the file's largest timestamp is known.
void offset_search::list_by_timestamp(const msg::list_offsets& m, std::int64_t timestamp, bool newest,
                                      std::int64_t from) {
  auto view = std::make_shared<smq::log_view>(
    *smq::make_view(log_.state, log_.place, from, log_.machine->high_watermark(), log_.state.segments.size()));
  view->log_start = from;
  smq::find_by_timestamp(
    log_.store->engine, view, timestamp, log_.store->deadline(),
    [this, m, timestamp, newest, seen = log_.changes, post = log_.poster(),
     busy = log_.reads](const smq::result<shared_bytes>& found) {
      post([this, m, timestamp, newest, seen, found, busy] {
        if (found.what.code == smq::status::absent && repeated_.look_again(m, *this, &offset_search::list, seen))
          return;
        if (log_.machine) answer_timestamp(m, found, timestamp, newest);
      });
    });
}

/// `look` finds something in batches, within limits; it touches nothing of this actor. What it does not find in the
/// first MiB it may find behind it: elsewhere, which may take long, and is done once more if the log is another one by
/// then.
template <class Look, class Then>
void offset_search::look_into(const msg::list_offsets& m, bool is_compressed, Look look, Then then) {
  const auto& limits = log_.settings.batches.decompression;
  auto quick = limits;
  if (is_compressed) quick.max_output_bytes = std::min(limits.max_output_bytes, inflater::quick_bytes);
  const auto found = look(quick);
  if (found || quick.max_output_bytes == limits.max_output_bytes) return then(found);
  log_.settings.inflations->run(m.client_host, [this, m, look, then, limits, seen = log_.changes,
                                                life = log_.this_life(), post = log_.poster(), busy = log_.reads] {
    if (life.expired()) return;
    post([this, m, then, seen, found = look(limits), busy] { log_.changes == seen ? then(found) : list(m); });
  });
}

void offset_search::answer_timestamp(const msg::list_offsets& m, const smq::result<shared_bytes>& found,
                                     std::int64_t timestamp, bool newest) {
  if (!found.is_ok()) return answer_record(m, std::nullopt);
  if (found.value.empty()) return m.answer(msg::list_offsets_result{});
  const auto log_start = log_.machine->log_start_offset();
  const auto all_bytes = log_.settings.batches.decompression.max_output_bytes;
  auto look = [batch = found.value, timestamp, newest, log_start,
               all_bytes](const kafka::decompression_limits& limits) {
    if (newest) return kafka::find_max_timestamp(batch.view(), 0, limits);
    const auto record = kafka::find_by_timestamp(batch.view(), timestamp, log_start, limits);
    if (record || limits.max_output_bytes < all_bytes) return record;
    return kafka::find_by_timestamp(batch.view(), timestamp, 0, limits);
  };
  const auto header = kafka::read_batch_header(found.value.view());
  look_into(m, header && header->codec() != 0, std::move(look),
            [this, m, header, timestamp, newest, log_start](const std::optional<kafka::timestamped_offset>& record) {
              if (!record || record->offset >= log_start) return answer_record(m, record);
              if (newest) return list_newest_above_start(m);
              // Only records below the log start are so new: the search goes on behind their batch.
              list_by_timestamp(m, timestamp, false, header->next_offset());
            });
}

/// nullopt: it cannot be read.
void offset_search::answer_record(const msg::list_offsets& m,
                                  const std::optional<kafka::timestamped_offset>& record) {
  msg::list_offsets_result result;
  if (!record) {
    result.error = error_code::kafka_storage_error;
    return m.answer(result);
  }
  result.offset = record->offset;
  result.timestamp = record->timestamp;
  result.leader_epoch = std::max(log_.machine->epoch_at(result.offset), 0);
  m.answer(result);
}

/// The newest record of the file that the log start lies in is below it: what is left of that file has to be read.
void offset_search::list_newest_above_start(const msg::list_offsets& m) {
  const auto log_start = log_.machine->log_start_offset();
  const auto holds_start = [log_start](const smq::segment& s) { return s.next_offset > log_start; };
  const auto file = std::ranges::find_if(log_.state.segments, holds_start);
  if (file == log_.state.segments.end() || file->base_offset >= log_start) return list_newest(m);  // as a trim left it
  const auto end = file->next_offset;
  smq::find_newest(
    log_.store->engine, smq::make_view(log_.state, log_.place, log_start, end), log_.store->deadline(),
    [this, m, end, seen = log_.changes, post = log_.poster(),
     busy = log_.reads](const smq::result<smq::newest_batches>& found) {
      post([this, m, end, seen, found, busy] {
        if (found.what.code == smq::status::absent && repeated_.look_again(m, *this, &offset_search::list, seen))
          return;
        if (!log_.machine) return;
        // The log start, or where files end, may be another one now.
        found.is_ok() && log_.changes != seen ? list_newest(m) : answer_newest_above_start(m, found, end);
      });
    });
}

/// `end`: of what was read; files behind it are known by their attributes.
void offset_search::answer_newest_above_start(const msg::list_offsets& m,
                                              const smq::result<smq::newest_batches>& found, std::int64_t end) {
  if (!found.is_ok()) return answer_record(m, std::nullopt);
  // Inside: none, all of them are below the log start. Outside: they cannot be read.
  using newest_of_both = std::optional<std::optional<kafka::timestamped_offset>>;
  auto look = [both = found.value,
               start = log_.machine->log_start_offset()](const kafka::decompression_limits& limits) {
    std::optional<kafka::timestamped_offset> out;
    for (const auto* batch : {&both.first, &both.behind}) {
      if (batch->empty()) continue;
      const auto newest = kafka::find_max_timestamp(batch->view(), start, limits);
      if (!newest) return newest_of_both{};
      if (!out || newest->timestamp > out->timestamp) out = newest;
    }
    return newest_of_both{out};
  };
  look_into(m, true, std::move(look), [this, m, end](const newest_of_both& found_newest) {
    if (!found_newest) return answer_record(m, std::nullopt);
    const auto& record = *found_newest;
    auto timestamp = record ? record->timestamp : -1;
    for (const auto& s : log_.state.segments)
      if (s.base_offset >= end) timestamp = std::max(timestamp, s.max_timestamp);
    if (timestamp < 0) return m.answer(msg::list_offsets_result{});
    if (!record || timestamp > record->timestamp) return list_by_timestamp(m, timestamp, true, end);
    answer_record(m, record);
  });
}

}  // namespace tidegate::actors
