// What an offset actor answers about what is stored.
#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_state.hpp"
#include "smq/segments/find_by_ts.hpp"
#include "smq/segments/read_log.hpp"

#include <algorithm>

namespace tidegate::actors {

namespace {

/// Asking again does not help: a chunk that files name is gone, or is not what was written.
bool is_lost(const smq::outcome& read) { return read.is_damaged || read.code == smq::status::absent; }

}  // namespace

void partition_state::fetch(const msg::fetch_read& m) {
  log_.tail.give_up_excess();
  msg::fetch_result result;
  result.counters = log_.metrics->topic;
  result.high_watermark = log_.machine->high_watermark();
  result.last_stable_offset = log_.machine->high_watermark();
  result.log_start_offset = log_.machine->log_start_offset();
  const auto check = log_.machine->check_fetch(m.fetch_offset, m.current_leader_epoch, m.last_fetched_epoch);
  result.error = check.error;
  if (check.error != error_code::none) return m.answer(result);
  if (check.diverging.epoch >= 0) {
    result.diverging_epoch = {check.diverging.epoch, check.diverging.end_offset};
    return m.answer(result);
  }
  if (m.is_for_bounds || m.fetch_offset >= result.high_watermark) return m.answer(result);
  const auto max_bytes = static_cast<std::size_t>(std::max(m.max_bytes, 0));
  if (auto batches = log_.tail.read(m.fetch_offset, max_bytes, noting_hints())) {
    counted.reads_from_tail.add();
    result.batches = std::move(*batches);
    return m.answer(result);
  }
  counted.reads_from_store.add();
  fetch_from_store(m, std::move(result));
}

/// A chunk is gone: a merge or a trim took it. Where another list of segments is known by now, or comes with the answer
/// to either, the request is answered by that one. False: `log_.state` is the newest list, so the chunk is lost.
template <class Message>
bool partition_state::look_again(const Message& m, void (partition_state::*read)(const Message&),
                                 std::uint64_t changes_seen) {
  const bool is_newer = log_.changes != changes_seen;
  if (log_.machine && is_newer) {
    (this->*read)(m);
    return true;
  }
  auto& waiting = log_.machine ? after_change_ : parked_;
  if (log_.machine && !merges_.is_undecided() && !trims_.is_undecided()) return false;
  waiting.add(for_later(m, *this, read));
  return true;  // also when nobody keeps the request: then it gets its retriable error
}

/// A consumer commits where a batch that it was given ends: a native RESUME goes on exactly there (design §7.1).
batch_observer partition_state::noting_hints() const {
  return [store = log_.store, id = log_.place.topic_id, partition = log_.place.partition](std::int64_t next,
                                                                                          std::int64_t ts_ns) {
    store->hints.note(id, partition, next, ts_ns + 1, smq::timestamp_hints::source::consumer);
  };
}

void partition_state::fetch_from_store(const msg::fetch_read& m, msg::fetch_result result) {
  if (older_.lists_first(smq::unlisted_for(log_.state, m.fetch_offset), m, *this, &partition_state::fetch)) return;
  auto view = smq::make_view(log_.state, log_.place, m.fetch_offset, result.high_watermark);
  smq::read_log(log_.store->engine, view, m.fetch_offset, static_cast<std::size_t>(std::max(m.max_bytes, 0)),
                log_.store->deadline(), &log_.store->index,
                [this, m, result, seen = log_.changes, post = log_.poster(), busy = log_.reads](
                  const smq::result<std::vector<shared_bytes>>& read) {
                  post([this, m, result, seen, read, busy]() mutable {
                    if (read.what.code == smq::status::absent && look_again(m, &partition_state::fetch, seen)) return;
                    if (read.is_ok()) {
                      result.batches = std::move(read.value);
                    } else {
                      (is_lost(read.what) ? counted.damaged_records : counted.failed_reads).add();
                      log_.say(log_level::error, "stored records cannot be read", log_field{"offset", m.fetch_offset},
                               log_field{"reason", read.what.reason});
                      result.error = error_code::kafka_storage_error;
                    }
                    m.answer(std::move(result));
                  });
                },
                noting_hints());
}

void partition_state::list(const msg::list_offsets& m) {
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
  if (older_.lists_first(smq::newest_unlisted(log_.state), m, *this, &partition_state::list)) return;
  if (m.timestamp != msg::max_timestamp)
    return list_by_timestamp(m, m.timestamp, false, log_.machine->log_start_offset());
  list_newest(m);
}

/// Files say what their largest timestamp is; the log start may lie inside the first one.
void partition_state::list_newest(const msg::list_offsets& m) {
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
void partition_state::list_by_timestamp(const msg::list_offsets& m, std::int64_t timestamp, bool newest,
                                        std::int64_t from) {
  auto view = std::make_shared<smq::log_view>(
    *smq::make_view(log_.state, log_.place, from, log_.machine->high_watermark(), log_.state.segments.size()));
  view->log_start = from;
  smq::find_by_timestamp(
    log_.store->engine, view, timestamp, log_.store->deadline(),
    [this, m, timestamp, newest, seen = log_.changes, post = log_.poster(),
     busy = log_.reads](const smq::result<shared_bytes>& found) {
      post([this, m, timestamp, newest, seen, found, busy] {
        if (found.what.code == smq::status::absent && look_again(m, &partition_state::list, seen)) return;
        if (log_.machine) answer_timestamp(m, found, timestamp, newest);
      });
    });
}

/// `look` finds something in batches, within limits; it touches nothing of this actor. What it does not find in the
/// first MiB it may find behind it: elsewhere, which may take long, and is done once more if the log is another one by
/// then.
template <class Look, class Then>
void partition_state::look_into(const msg::list_offsets& m, bool is_compressed, Look look, Then then) {
  const auto& limits = log_.settings.batches.decompression;
  auto quick = limits;
  if (is_compressed) quick.max_output_bytes = std::min(limits.max_output_bytes, quick_bytes);
  const auto found = look(quick);
  if (found || quick.max_output_bytes == limits.max_output_bytes) return then(found);
  log_.settings.inflations->run(m.client_host, [this, m, look, then, limits, seen = log_.changes,
                                                life = log_.this_life(), post = log_.poster(), busy = log_.reads] {
    if (life.expired()) return;
    post([this, m, then, seen, found = look(limits), busy] { log_.changes == seen ? then(found) : list(m); });
  });
}

void partition_state::answer_timestamp(const msg::list_offsets& m, const smq::result<shared_bytes>& found,
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
void partition_state::answer_record(const msg::list_offsets& m,
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
void partition_state::list_newest_above_start(const msg::list_offsets& m) {
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
        if (found.what.code == smq::status::absent && look_again(m, &partition_state::list, seen)) return;
        if (!log_.machine) return;
        // The log start, or where files end, may be another one now.
        found.is_ok() && log_.changes != seen ? list_newest(m) : answer_newest_above_start(m, found, end);
      });
    });
}

/// `end`: of what was read; files behind it are known by their attributes.
void partition_state::answer_newest_above_start(const msg::list_offsets& m,
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

/// Where a position that a native subscriber moved lies in this log.
void partition_state::translate(const msg::find_by_ts& m) {
  // A list that does not come is doubt, not damage: the group is to ask again.
  if (const auto missing = smq::newest_unlisted(log_.state))
    return older_.list(*missing, {[this, m] { translate(m); },
                                  [m] { m.answer({error_code::not_leader_or_follower, -1}); }});
  auto view = smq::make_view(log_.state, log_.place, log_.machine->log_start_offset(), log_.machine->high_watermark(),
                             log_.state.segments.size());
  smq::find_by_ts(log_.store->engine, view, m.value_ns, log_.store->deadline(),
                  [this, m, seen = log_.changes, post = log_.poster(),
                   busy = log_.reads](const smq::result<std::int64_t>& found) {
                    post([this, m, seen, found, busy] {
                      if (found.what.code == smq::status::absent && look_again(m, &partition_state::translate, seen))
                        return;
                      if (found.is_ok()) return m.answer({error_code::none, found.value});
                      log_.say(log_level::error, "a native position cannot be translated",
                               log_field{"value", m.value_ns}, log_field{"reason", found.what.reason});
                      m.answer({is_lost(found.what) ? error_code::kafka_storage_error
                                                    : error_code::not_leader_or_follower,
                                -1});
                    });
                  });
}

void partition_state::end_of_epoch(const msg::offset_for_leader_epoch& m) {
  msg::offset_for_leader_epoch_result result;
  result.error = log_.machine->check_leader_epoch(m.current_leader_epoch);
  if (result.error == error_code::none) {
    const auto end = log_.machine->end_of_epoch(m.leader_epoch);
    result.end = {end.epoch, end.end_offset};
  }
  m.answer(result);
}

}  // namespace tidegate::actors
