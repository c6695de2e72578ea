// How an offset actor ends, and what it leaves for the next one: a clean end, a mapping record, its session.
#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/partition/partition_state.hpp"
#include "actors/runtime/spawn.hpp"

#include <limits>

namespace tidegate::actors {

void partition_state::look_idle_in(std::chrono::milliseconds delay) {
  if (!registry_) return;
  caf::delayed_anon_send(partition_actor{self_}, delay, msg::make_resume([this] { look_idle(); }));
}

void partition_state::look_idle() {
  // The next look is certain, whatever becomes of this one.
  const auto idle = std::chrono::floor<std::chrono::milliseconds>(self_->clock().now() - last_request_);
  if (idle < settings_.idle_after) return look_idle_in(settings_.idle_after - idle);
  look_idle_in(settings_.idle_after);
  if (is_quiet() && !closing_) leave();
}

/// Clean end, then what is left to merge, then the end. A request that comes between keeps the actor.
void partition_state::leave() {
  write_clean_end([this, seen = requests_] {
    if (seen != requests_) return;
    if (!machine_ || leaving_at_ == requests_) return ask_to_retire();  // not loaded, or the merges came to nothing
    leaving_at_ = requests_;
    not_merged_.clear();  // once more
    start_merge();
  });
}

bool partition_state::is_leaving() const { return leaving_at_ == requests_ && !closing_; }

bool partition_state::is_quiet() {
  std::erase_if(waiters_, [](const waiter& w) { return w.interest.expired(); });
  const bool writes = is_appending() || merging_ || trim_ || !trims_.empty();
  return parked_.empty() && undecided_.empty() && !writes && waiters_.empty() && reads_.use_count() == 1;
}

void partition_state::ask_to_retire() {
  auto answer = [this, post = poster()](bool may_go) {
    post([this, may_go] {
      if (may_go) end(nullptr);
    });
  };
  const auto me = static_cast<caf::local_actor*>(self_)->address();
  caf::anon_send(registry_, msg::retire_partition{place_.topic_id, place_.partition, me, requests_, {false, answer}});
}

void partition_state::close(const msg::close_cleanly& m) {
  closing_ = m;
  close_when_decided();
}

void partition_state::close_when_decided() {
  if (is_appending() || trim_) return;
  write_clean_end([this] { end(closing_->held); });
}

/// For the age of producers. Nothing: an earlier process may have written just now, by another clock, and nobody is
/// forgotten yet.
std::optional<std::int64_t> partition_state::producers_now_ms() const {
  return store_->clock->age_now_ms(settings_.producer_expiration, settings_.retries_within);
}

/// Into the log's state, for the next partition entry.
void partition_state::take_snapshot() {
  if (const auto now_ms = producers_now_ms())
    machine_->expire_producers(*now_ms, settings_.producer_expiration.get().count());
  smq::set_snapshot(log_, machine_->producers().encode(settings_.snapshot_bytes),
                    machine_->high_watermark());
}

/// Every batch that may still come again is in a snapshot that is taken now.
bool partition_state::snapshot_tells_all() {
  const auto now_ms = producers_now_ms();
  if (!now_ms) return machine_->producers().fits(settings_.snapshot_bytes, std::numeric_limits<std::int64_t>::min());
  machine_->expire_producers(*now_ms, settings_.producer_expiration.get().count());
  return machine_->producers().fits(settings_.snapshot_bytes, *now_ms - settings_.retries_within.count());
}

/// The partition entry with the producers at the high watermark, so that the next load need not read any batch. Of more
/// producers than the entry holds the older snapshot stays, so that it reads the batches behind that one, as after a
/// kill: those tell of all of them. Without a clean end nothing is lost, so that a failure stops nobody.
void partition_state::write_clean_end(std::function<void()> then) {
  if (!machine_ || log_.segments.empty() || clean_end_ == machine_->high_watermark()) return then();
  report_mapping(true);
  const auto offset = machine_->high_watermark();
  if (snapshot_tells_all()) take_snapshot();
  session_->write({smq::write_partition_entry(log_, place_), smq::write_checkpoint(log_, place_)},
                  smq::write_class::bulk,
                  [this, offset, then = std::move(then), post = poster()](const smq::write_answer& answer) {
                    post([this, offset, then, answer] {
                      if (answer.code == smq::write_result::stored) {
                        clean_end_ = offset;
                        return then();
                      }
                      log_event(log_level::warn, "the clean end of a partition was not written",
                                {{"topic", place_.topic}, {"partition", place_.partition}, {"reason", answer.reason}});
                      if (answer.code != smq::write_result::refused && !closing_) return reload(answer.reason);
                      then();
                    });
                  });
}

void partition_state::report_mapping(bool is_last) {
  const auto next_offset = machine_->high_watermark();
  const std::pair reported{next_offset, machine_->log_start_offset()};
  if (!settings_.on_mapping || log_.segments.empty() || reported_ == reported) return;
  const auto now = self_->clock().now();
  if (!is_last && last_report_ && now - *last_report_ < settings_.mapping_every) return;
  last_report_ = now;
  reported_ = reported;
  const auto& newest = log_.segments.back();
  settings_.on_mapping({place_.topic_id, place_.partition, next_offset, machine_->last_ts_ns(), newest.leader_epoch,
                        machine_->log_start_offset(), newest.name});
}

void partition_state::forget(const msg::forget_topic& m) {
  answer_all(error_code::unknown_topic_or_partition);
  fail_trims(error_code::unknown_topic_or_partition);
  store_->hints.forget(place_.topic_id, place_.partition);
  store_->other_epochs->forget(place_.topic_id, place_.partition);
  store_->given_up->forget(place_.topic_id, place_.partition);
  end(m.held);
}

/// `held` is let go when nothing of this actor is on its way to the store any more.
void partition_state::end(std::shared_ptr<void> held) {
  ++life_;
  this_life_.reset();
  drop_appends();
  if (session_) session_->close([held = std::move(held)] {});
  session_.reset();
  self_->quit(caf::exit_reason::user_shutdown);
}

}  // namespace tidegate::actors
