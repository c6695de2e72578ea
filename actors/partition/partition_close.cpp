// How an offset actor ends, and what it leaves for the next one: a clean end, a mapping record, its session.
#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_state.hpp"
#include "actors/runtime/spawn.hpp"

namespace tidegate::actors {

void partition_state::look_idle_in(std::chrono::milliseconds delay) {
  if (!registry_) return;
  log_.post_in(delay, [this] { look_idle(); }, partition_log::every_life);
}

void partition_state::look_idle() {
  // The next look is certain, whatever becomes of this one.
  const auto idle = std::chrono::floor<std::chrono::milliseconds>(log_.now() - last_request_);
  if (idle < log_.settings.idle_after) return look_idle_in(log_.settings.idle_after - idle);
  look_idle_in(log_.settings.idle_after);
  if (is_quiet() && !log_.closing) leave();
}

/// Clean end, then what is left to merge, then the end. A request that comes between keeps the actor.
void partition_state::leave() {
  clean_end_.write([this, seen = requests_] {
    if (seen != requests_) return;
    if (!log_.machine || leaving_at_ == requests_) return ask_to_retire();  // not loaded, or the merges came to nothing
    leaving_at_ = requests_;
    not_merged_.clear();  // once more
    start_merge();
  });
}

bool partition_state::is_leaving() const { return leaving_at_ == requests_ && !log_.closing; }

bool partition_state::is_quiet() {
  waits_.drop_abandoned();
  const bool writes = is_appending() || merging_ || trim_ || !trims_.empty();
  return parked_.is_empty() && undecided_.empty() && !writes && waits_.is_empty() && log_.reads.use_count() == 1;
}

void partition_state::ask_to_retire() {
  auto answer = [this, post = log_.poster()](bool may_go) {
    post([this, may_go] {
      if (may_go) end(nullptr);
    });
  };
  const auto me = static_cast<caf::local_actor*>(log_.self)->address();
  caf::anon_send(registry_, msg::retire_partition{log_.place.topic_id, log_.place.partition, me, requests_,
                                                  {false, answer}});
}

void partition_state::close(const msg::close_cleanly& m) {
  log_.closing = m;
  close_when_decided();
}

void partition_state::close_when_decided() {
  if (is_appending() || trim_) return;
  clean_end_.write([this] { end(log_.closing->held); });
}

void partition_state::forget(const msg::forget_topic& m) {
  answer_all(error_code::unknown_topic_or_partition);
  fail_trims(error_code::unknown_topic_or_partition);
  log_.store->hints.forget(log_.place.topic_id, log_.place.partition);
  log_.store->other_epochs->forget(log_.place.topic_id, log_.place.partition);
  log_.store->given_up->forget(log_.place.topic_id, log_.place.partition);
  end(m.held);
}

/// `held` is let go when nothing of this actor is on its way to the store any more.
void partition_state::end(std::shared_ptr<void> held) {
  log_.end_life();
  drop_appends();
  if (log_.session) log_.session->close([held = std::move(held)] {});
  log_.session.reset();
  log_.self->quit(caf::exit_reason::user_shutdown);
}

}  // namespace tidegate::actors
