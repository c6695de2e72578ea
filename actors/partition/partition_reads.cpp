#include "actors/partition/partition_reads.hpp"

#include "actors/metrics/counters.hpp"
#include "smq/segments/find_by_ts.hpp"
#include "smq/segments/read_log.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors {

namespace {

/// Asking again does not help: a chunk that files name is gone, or is not what was written.
bool is_lost(const smq::outcome& read) { return read.is_damaged || read.code == smq::status::absent; }

}  // namespace

void partition_reads::fetch(const msg::fetch_read& m) {
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

/// A consumer commits where a batch that it was given ends: a native RESUME goes on exactly there (design §7.1).
batch_observer partition_reads::noting_hints() const {
  return [store = log_.store, id = log_.place.topic_id, partition = log_.place.partition](std::int64_t next,
                                                                                          std::int64_t ts_ns) {
    store->hints.note(id, partition, next, ts_ns + 1, smq::timestamp_hints::source::consumer);
  };
}

void partition_reads::fetch_from_store(const msg::fetch_read& m, msg::fetch_result result) {
  if (older_.lists_first(smq::unlisted_for(log_.state, m.fetch_offset), m, *this, &partition_reads::fetch)) return;
  auto view = smq::make_view(log_.state, log_.place, m.fetch_offset, result.high_watermark);
  smq::read_log(log_.store->engine, view, m.fetch_offset, static_cast<std::size_t>(std::max(m.max_bytes, 0)),
                log_.store->deadline(), &log_.store->index,
                [this, m, result, seen = log_.changes, post = log_.poster(), busy = log_.reads](
                  const smq::result<std::vector<shared_bytes>>& read) {
                  post([this, m, result, seen, read, busy]() mutable {
                    if (read.what.code == smq::status::absent &&
                        repeated_.look_again(m, *this, &partition_reads::fetch, seen))
                      return;
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

void partition_reads::translate(const msg::find_by_ts& m) {
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
                      if (found.what.code == smq::status::absent &&
                          repeated_.look_again(m, *this, &partition_reads::translate, seen))
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

void partition_reads::end_of_epoch(const msg::offset_for_leader_epoch& m) {
  msg::offset_for_leader_epoch_result result;
  result.error = log_.machine->check_leader_epoch(m.current_leader_epoch);
  if (result.error == error_code::none) {
    const auto end = log_.machine->end_of_epoch(m.leader_epoch);
    result.end = {end.epoch, end.end_offset};
  }
  m.answer(result);
}

}  // namespace tidegate::actors
