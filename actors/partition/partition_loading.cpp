#include "actors/partition/partition_loading.hpp"

#include "actors/metrics/counters.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/partition/producer_snapshot.hpp"
#include "smq/segments/read_log.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors {

namespace {

constexpr std::size_t bytes_per_recovery_read = 4U << 20U;
constexpr std::size_t noted_segments = 16;
constexpr std::int64_t ns_per_ms = 1'000'000;

}  // namespace

void partition_loading::load() {
  log_.begin_life();
  auto post = log_.poster();
  const auto owner = session_owner(log_.place.topic_id, log_.place.partition);
  log_.store->sessions.open(owner, [this, post](std::shared_ptr<smq::session> opened) {
    post([this, post, opened] {
      log_.session = opened;
      // What an append wrote is among the newest files; what a merge wrote may be anywhere.
      const auto extent = doubts_.is_of_merge() ? smq::load_extent::all : smq::load_extent::newest;
      smq::load_log(log_.store->engine, log_.place, extent, log_.store->deadline(),
                    [this, post](smq::result<smq::log_state> log) {
                      post([this, log = std::move(log)] {
                        if (log.is_ok()) return loaded(log.value);
                        load_failed(log.what);
                      });
                    });
    });
  });
}

void partition_loading::loaded(smq::log_state log) {
  counted.foreign_files.add(log.foreign_files);
  if (log.foreign_files > 0)
    log_.say(log_level::warn, "foreign files are not served", log_field{"files", log.foreign_files});
  log_.state = std::move(log);
  owner_.log_loaded();
  const auto last = log_.state.epochs.empty() ? 0 : log_.state.epochs.back().epoch;
  const auto epoch = std::max(log_.store->leader_epoch, last);
  // What was lost had been read in that epoch, perhaps: clients that know its records must notice.
  const auto raised = std::max(log_.store->leader_epoch, last + 1);
  if (auto gap = smq::undeclared_tail_gap(log_.state, raised)) return declare_rewind(*gap, raised);
  recovery from_snapshot;
  from_snapshot.next_offset = log_.state.log_start;
  if (log_.state.snapshot_offset >= log_.state.log_start) {
    auto stored = core::producer_state::decode(log_.state.snapshot);
    if (!stored)
      return load_failed(smq::unreadable("the producer snapshot", as_text(log_.state.snapshot),
                                         core::producer_state::snapshot_version));
    from_snapshot.producers = std::move(*stored);
    from_snapshot.next_offset = log_.state.snapshot_offset;
  }
  // What an earlier load read is still true: stored batches do not change.
  const bool goes_on = recovery_ && recovery_->next_offset >= from_snapshot.next_offset &&
                       recovery_->next_offset <= log_.state.next_offset;
  if (!goes_on) recovery_ = std::move(from_snapshot);
  read_producers(epoch);
}

void partition_loading::declare_rewind(const smq::offset_gap& gap, std::int32_t epoch) {
  counted.gaps_declared.add();
  log_.say(log_level::error, "storage was rewound: offsets are lost and will not be reused",
           log_field{"from", gap.from}, log_field{"to", gap.to});
  smq::declare_gap(log_.state, gap);
  log_.session->write({smq::write_partition_entry(log_.state, log_.place)}, smq::write_class::bulk,
                      [this, epoch, post = log_.poster()](const smq::write_answer& answer) {
                        post([this, epoch, answer] {
                          if (answer.code != smq::write_result::stored)
                            return load_failed({smq::status::unknown, answer.reason, 0});
                          recovery_.emplace().next_offset = log_.state.next_offset;
                          read_producers(epoch);
                        });
                      });
}

/// Read after read, each with a deadline of its own and a turn of the mailbox: with many batches behind the snapshot
/// this takes long, and it must come to an end all the same.
void partition_loading::read_producers(std::int32_t epoch) {
  const auto from = recovery_->next_offset;
  if (from >= log_.state.next_offset) return serve(epoch);
  if (const auto missing = smq::unlisted_for(log_.state, from)) {
    const smq::outcome why{smq::status::unknown, "older segment files cannot be listed", 0};
    return older_.list(*missing, {[this, epoch] { read_producers(epoch); }, [this, why] { load_failed(why); }});
  }
  auto stored_ms = std::make_shared<std::vector<std::int64_t>>();
  auto note = [stored_ms](std::int64_t, std::int64_t ts_ns) { stored_ms->push_back(ts_ns / ns_per_ms); };
  auto index = recovery_->index;
  smq::read_log(log_.store->engine, smq::make_view(log_.state, log_.place, from, log_.state.next_offset), from,
                bytes_per_recovery_read, log_.store->deadline(), index.get(),
                [this, epoch, stored_ms, index,
                 post = log_.poster()](const smq::result<std::vector<shared_bytes>>& read) {
                  post([this, epoch, stored_ms, read] {
                    if (!read.is_ok()) return load_failed(read.what);
                    if (read.value.empty()) return serve(epoch);  // a declared gap ends the log
                    note_producers(read.value, *stored_ms);
                    read_producers(epoch);
                  });
                },
                note);
}

/// `stored_ms`: when each batch was stored: the time in its records is the producer's and may be any, but
/// LogAppendTime, which a retry is answered with. A log that is ahead of the clock must not keep producers until that
/// gets there.
void partition_loading::note_producers(const std::vector<shared_bytes>& batches,
                                       const std::vector<std::int64_t>& stored_ms) {
  const auto now_ms = log_.store->clock->wall_ms();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto header = kafka::read_batch_header(batches[i].view()).value();  // the read has checked it
    recovery_->next_offset = header.next_offset();
    const auto written_ms = header.is_log_append_time() ? header.max_timestamp : std::min(stored_ms[i], now_ms);
    recovery_->producers.apply(core::claim_of(header), header.base_offset, written_ms);
  }
}

void partition_loading::serve(std::int32_t epoch) {
  auto producers = std::move(recovery_->producers);
  recovery_.reset();
  producers.expect_first_batches_of(std::exchange(producers_before_, {}));
  if (const auto now_ms = producers_now_ms(log_))
    producers.expire(*now_ms, log_.settings.producer_expiration.get().count());
  core::partition_start start;
  start.leader_epoch = epoch;
  log_.store->other_epochs->note(log_.place.topic_id, log_.place.partition, epoch, log_.store->leader_epoch);
  start.log_start_offset = log_.state.log_start;
  start.next_offset = log_.state.next_offset;
  start.next_message_number = log_.state.next_message_number;
  start.last_ts_ns = log_.state.last_ts_ns;
  start.epochs = log_.state.epochs;
  log_.machine = std::make_unique<core::partition_machine>(start, std::move(producers));
  log_.metrics->end.store(log_.machine->high_watermark(), std::memory_order_relaxed);
  note_newest_files();
  owner_.log_served();
  if (failed_loads_ > 0)
    log_.say(log_level::info, "partition is served again", log_field{"failed_loads", failed_loads_});
  failed_loads_ = 0;
  why_not_loaded_.clear();
  parked_.run_all();
}

void partition_loading::note_newest_files() const {
  const auto first = log_.state.segments.size() - std::min(log_.state.segments.size(), noted_segments);
  for (auto i = first; i < log_.state.segments.size(); ++i) {
    const auto& s = log_.state.segments[i];
    log_.store->hints.note(log_.place.topic_id, log_.place.partition, s.base_offset, s.first_ts_ns - 1);
    log_.store->hints.note(log_.place.topic_id, log_.place.partition, s.next_offset, s.last_ts_ns + 1);
  }
}

void partition_loading::load_failed(const smq::outcome& why) {
  log_failed_load(why);
  parked_.refuse_all();
  log_.begin_life();
  older_.give_up();
  doubts_.load_failed();
  log_.post_in(log_.settings.reload_backoff, [this] { load(); });
}

/// Damage stays until somebody puts it right: said once, not with every try.
void partition_loading::log_failed_load(const smq::outcome& why) {
  ++failed_loads_;
  counted.failed_partition_loads.add();
  if (why.is_damaged) counted.damaged_partitions.add();
  if (std::exchange(why_not_loaded_, why.reason) == why.reason) return;
  log_.say(log_level::error, "partition cannot be loaded", log_field{"reason", why.reason});
}

}  // namespace tidegate::actors
