// How an offset actor comes to serve: a session, the log, the producers, then whatever waited.
#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/partition/partition_state.hpp"
#include "actors/partition/topic_settings.hpp"
#include "actors/runtime/post.hpp"
#include "actors/runtime/spawn.hpp"
#include "smq/segments/read_log.hpp"

#include <algorithm>
#include <limits>

namespace tidegate::actors {

namespace {

constexpr std::size_t bytes_per_recovery_read = 4U << 20U;
constexpr std::size_t noted_segments = 16;
constexpr std::size_t small_batch = 32U << 10U;  // copied into the tail, see tail_cache
constexpr std::int64_t ns_per_ms = 1'000'000;

}  // namespace

std::string session_owner(const uuid& topic_id, std::int32_t partition) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string owner = "p/";
  for (auto b : topic_id.bytes) {
    owner += digits[std::to_integer<unsigned>(b) >> 4U];
    owner += digits[std::to_integer<unsigned>(b) & 15U];
  }
  return owner + "/" + std::to_string(partition);
}

partition_state::partition_state(partition_actor::pointer self, std::shared_ptr<const store_access> store,
                                 topic_ptr topic, std::int32_t partition, partition_settings settings,
                                 partition_registry_actor registry)
  : self_(self), store_(std::move(store)), settings_(std::move(settings)), registry_(std::move(registry)),
    metrics_(settings_.metrics->join(topic->name, topic->id, partition)),
    tail_(settings_.tail_bytes, small_batch, settings_.tails), last_request_(self->clock().now()) {
  counters_of(actor_kind::offset_actor).starts.add();
  use_topic(std::move(topic));
  place_ = {topic_->name, topic_->id, partition, topic_->directory_of(partition), topic_->span_seconds};
}

/// In the constructor, and whenever its configs are altered: everything that follows from them is set here, or looked up
/// in `topic_` when it is needed.
void partition_state::use_topic(topic_ptr topic) {
  topic_ = std::move(topic);
  own_max_bytes_ = setting_or(*topic_, "max.message.bytes", -1);
  timestamp_after_max_ms_ = setting_or(*topic_, "message.timestamp.after.max.ms", 3'600'000);
  timestamp_before_max_ms_ = setting_or(*topic_, "message.timestamp.before.max.ms",
                                        std::numeric_limits<std::int64_t>::max());
}

partition_state::~partition_state() {
  if (session_) session_->close([] {});
}

partition_actor::behavior_type partition_state::make_behavior() {
  load();
  look_idle_in(settings_.idle_after);
  return {
    [this](const msg::append& m) { when_serving(m, &partition_state::append); },
    [this](const msg::fetch_read& m) { when_serving(m, &partition_state::fetch); },
    [this](const msg::fetch_wait& m) { when_serving(m, &partition_state::wait); },
    [this](const msg::list_offsets& m) { when_serving(m, &partition_state::list); },
    [this](const msg::offset_for_leader_epoch& m) { when_serving(m, &partition_state::end_of_epoch); },
    [this](const msg::find_by_ts& m) { when_serving(m, &partition_state::translate); },
    [this](const msg::trim& m) { when_serving(m, &partition_state::trim); },
    [this](const msg::topic_changed& m) { use_topic(m.topic); },
    [this](const msg::forget_topic& m) { forget(m); },
    [this](const msg::close_cleanly& m) { close(m); },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

template <class Message>
void partition_state::when_serving(const Message& m, void (partition_state::*f)(const Message&)) {
  ++requests_;
  last_request_ = self_->clock().now();
  if (machine_) return (this->*f)(m);
  if (parked_.size() >= settings_.max_parked) return counted.unparked_partition_requests.add();
  parked_.push_back(for_later(m, f));
}

std::function<void(std::function<void()>)> partition_state::poster(bool in_every_life) const {
  return [this, in_every_life, life = life_, post = post_to(self_)](std::function<void()> f) {
    post([this, in_every_life, life, f = std::move(f)] {
      if (in_every_life || life == life_) f();
    });
  };
}

void partition_state::load() {
  ++life_;
  auto post = poster();
  const auto owner = session_owner(place_.topic_id, place_.partition);
  store_->sessions.open(owner, [this, post](std::shared_ptr<smq::session> opened) {
    post([this, post, opened] {
      session_ = opened;
      // What an append wrote is among the newest files; what a merge wrote may be anywhere.
      const auto extent = doubts_merge_ ? smq::load_extent::all : smq::load_extent::newest;
      smq::load_log(store_->engine, place_, extent, store_->deadline(),
                    [this, post](smq::result<smq::log_state> log) {
                      post([this, log = std::move(log)] {
                        if (log.is_ok()) return loaded(log.value);
                        load_failed(log.what);
                      });
                    });
    });
  });
}

void partition_state::loaded(smq::log_state log) {
  counted.foreign_files.add(log.foreign_files);
  if (log.foreign_files > 0)
    log_event(log_level::warn, "foreign files are not served",
              {{"topic", place_.topic}, {"partition", place_.partition}, {"files", log.foreign_files}});
  log_ = std::move(log);
  looked_back_ = false;
  doubts_merge_ = false;
  release_orphans();
  clean_end_ = log_.snapshot_offset == log_.next_offset ? log_.next_offset : -1;
  const auto last = log_.epochs.empty() ? 0 : log_.epochs.back().epoch;
  const auto epoch = std::max(store_->leader_epoch, last);
  // What was lost had been read in that epoch, perhaps: clients that know its records must notice.
  const auto raised = std::max(store_->leader_epoch, last + 1);
  if (auto gap = smq::undeclared_tail_gap(log_, raised)) return declare_rewind(*gap, raised);
  recovery from_snapshot;
  from_snapshot.next_offset = log_.log_start;
  if (log_.snapshot_offset >= log_.log_start) {
    auto stored = core::producer_state::decode(log_.snapshot);
    if (!stored)
      return load_failed(smq::unreadable("the producer snapshot", as_text(log_.snapshot),
                                         core::producer_state::snapshot_version));
    from_snapshot.producers = std::move(*stored);
    from_snapshot.next_offset = log_.snapshot_offset;
  }
  // What an earlier load read is still true: stored batches do not change.
  const bool goes_on = recovery_ && recovery_->next_offset >= from_snapshot.next_offset &&
                       recovery_->next_offset <= log_.next_offset;
  if (!goes_on) recovery_ = std::move(from_snapshot);
  read_producers(epoch);
}

void partition_state::declare_rewind(const smq::offset_gap& gap, std::int32_t epoch) {
  counted.gaps_declared.add();
  log_event(log_level::error, "storage was rewound: offsets are lost and will not be reused",
            {{"topic", place_.topic}, {"partition", place_.partition}, {"from", gap.from}, {"to", gap.to}});
  smq::declare_gap(log_, gap);
  session_->write({smq::write_partition_entry(log_, place_)}, smq::write_class::bulk,
                  [this, epoch, post = poster()](const smq::write_answer& answer) {
                    post([this, epoch, answer] {
                      if (answer.code != smq::write_result::stored)
                        return load_failed({smq::status::unknown, answer.reason, 0});
                      recovery_.emplace().next_offset = log_.next_offset;
                      read_producers(epoch);
                    });
                  });
}

/// Read after read, each with a deadline of its own and a turn of the mailbox: with many batches behind the snapshot
/// this takes long, and it must come to an end all the same.
void partition_state::read_producers(std::int32_t epoch) {
  const auto from = recovery_->next_offset;
  if (from >= log_.next_offset) return serve(epoch);
  if (const auto missing = smq::unlisted_for(log_, from)) {
    const smq::outcome why{smq::status::unknown, "older segment files cannot be listed", 0};
    return list_older(*missing, {[this, epoch] { read_producers(epoch); }, [this, why] { load_failed(why); }});
  }
  auto stored_ms = std::make_shared<std::vector<std::int64_t>>();
  auto note = [stored_ms](std::int64_t, std::int64_t ts_ns) { stored_ms->push_back(ts_ns / ns_per_ms); };
  auto index = recovery_->index;
  smq::read_log(store_->engine, smq::make_view(log_, place_, from, log_.next_offset), from, bytes_per_recovery_read,
                store_->deadline(), index.get(),
                [this, epoch, stored_ms, index, post = poster()](const smq::result<std::vector<shared_bytes>>& read) {
                  post([this, epoch, stored_ms, read] {
                    if (!read.is_ok()) return load_failed(read.what);
                    if (read.value.empty()) return serve(epoch);  // a declared gap ends the log
                    note_producers(read.value, *stored_ms);
                    read_producers(epoch);
                  });
                },
                note);
}

/// `stored_ms`: when each batch was stored: the time in its records is the producer's and may be any, but LogAppendTime,
/// which a retry is answered with. A log that is ahead of the clock must not keep producers until that gets there.
void partition_state::note_producers(const std::vector<shared_bytes>& batches,
                                     const std::vector<std::int64_t>& stored_ms) {
  const auto now_ms = store_->clock->wall_ms();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto header = kafka::read_batch_header(batches[i].view()).value();  // the read has checked it
    recovery_->next_offset = header.next_offset();
    const auto written_ms = header.is_log_append_time() ? header.max_timestamp : std::min(stored_ms[i], now_ms);
    recovery_->producers.apply(core::claim_of(header), header.base_offset, written_ms);
  }
}

void partition_state::serve(std::int32_t epoch) {
  auto producers = std::move(recovery_->producers);
  recovery_.reset();
  producers.expect_first_batches_of(std::exchange(producers_before_, {}));
  if (const auto now_ms = producers_now_ms())
    producers.expire(*now_ms, settings_.producer_expiration.get().count());
  core::partition_start start;
  start.leader_epoch = epoch;
  store_->other_epochs->note(place_.topic_id, place_.partition, epoch, store_->leader_epoch);
  start.log_start_offset = log_.log_start;
  start.next_offset = log_.next_offset;
  start.next_message_number = log_.next_message_number;
  start.last_ts_ns = log_.last_ts_ns;
  start.epochs = log_.epochs;
  machine_ = std::make_unique<core::partition_machine>(start, std::move(producers));
  metrics_->end.store(machine_->high_watermark(), std::memory_order_relaxed);
  new_leader_ = true;
  next_append_at_ = smq::tail_of(log_, new_leader_);
  const auto first = log_.segments.size() - std::min(log_.segments.size(), noted_segments);
  for (auto i = first; i < log_.segments.size(); ++i) {
    const auto& s = log_.segments[i];
    store_->hints.note(place_.topic_id, place_.partition, s.base_offset, s.first_ts_ns - 1);
    store_->hints.note(place_.topic_id, place_.partition, s.next_offset, s.last_ts_ns + 1);
  }
  erase_leftovers();
  start_trim();
  wake_waiters();  // what was undecided before a reload may be stored
  if (failed_loads_ > 0)
    log_event(log_level::info, "partition is served again",
              {{"topic", place_.topic}, {"partition", place_.partition}, {"failed_loads", failed_loads_}});
  failed_loads_ = 0;
  why_not_loaded_.clear();
  for (auto& request : std::exchange(parked_, {})) request.run();
}

void partition_state::load_failed(const smq::outcome& why) {
  log_failed_load(why);
  for (auto& request : std::exchange(parked_, {})) request.refuse();
  ++life_;
  listing_ = false;
  // Not all files could be listed, but perhaps the newest: then the chunks of the merge stay, named or not.
  if (std::exchange(doubts_merge_, false)) doubtful_.clear();
  caf::delayed_anon_send(partition_actor{self_}, settings_.reload_backoff,
                         msg::make_resume([this, life = life_] {
                           if (life == life_) load();
                         }));
}

/// Damage stays until somebody puts it right: said once, not with every try.
void partition_state::log_failed_load(const smq::outcome& why) {
  ++failed_loads_;
  counted.failed_partition_loads.add();
  if (why.is_damaged) counted.damaged_partitions.add();
  if (std::exchange(why_not_loaded_, why.reason) == why.reason) return;
  log_event(log_level::error, "partition cannot be loaded",
            {{"topic", place_.topic}, {"partition", place_.partition}, {"reason", why.reason}});
}

void partition_state::reload(const std::string& reason) {
  log_event(log_level::warn, "partition loads again",
            {{"topic", place_.topic}, {"partition", place_.partition}, {"reason", reason}});
  // What was on its way may be stored or not; the client finds out by asking again.
  answer_all(error_code::request_timed_out);
  drop_appends();
  trim_.reset();
  // Their list of segments is the one that is loaded now.
  for (auto* waiting : {&after_change_, &after_listing_})
    for (auto& read : std::exchange(*waiting, {}))
      if (parked_.size() < settings_.max_parked)
        parked_.push_back(std::move(read));
      else
        counted.unparked_partition_requests.add();
  this_life_ = std::make_shared<int>();
  for (auto& m : std::exchange(unchecked_, {})) parked_.push_back(for_later(m, &partition_state::append));
  listing_ = false;
  fail_trims(error_code::request_timed_out);
  if (machine_) {
    machine_->abandon();
    producers_before_ = machine_->producers();
  }
  machine_.reset();
  merge_ended();
  tail_.clear();
  if (closing_) return close_when_decided();
  load();
}

partition_actor spawn_partition(caf::actor_system& system, std::shared_ptr<const store_access> store, topic_ptr topic,
                                std::int32_t partition, const partition_settings& settings,
                                partition_registry_actor registry) {
  return spawn<partition_actor, partition_state>(system, std::move(store), std::move(topic), partition, settings,
                                                 std::move(registry));
}

}  // namespace tidegate::actors
