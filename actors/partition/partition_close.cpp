// How an offset actor ends, and what it leaves for the next one: a clean end, a mapping record, its session.
#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_state.hpp"
#include "actors/runtime/spawn.hpp"

namespace tidegate::actors {

void partition_state::records_stored(bool rolled) {
  waits_.wake();
  mappings_.report(false);
  if (rolled) merges_.start();
}

void partition_state::merge_ended() {
  repeated_.run_all();
  trims_.start();  // waited for the files
}

void partition_state::log_start_decided() {
  appends_.write();  // a new file does not take it back
}

void partition_state::trim_ended() {
  repeated_.run_all();
  appends_.write();
}

void partition_state::older_files_listed(bool is_ok) { trims_.older_files_listed(is_ok); }

bool partition_state::is_appending() const { return appends_.is_appending() || !checks_.is_empty(); }

bool partition_state::is_quiet() {
  waits_.drop_abandoned();
  const bool writes = is_appending() || merges_.is_merging() || trims_.is_trimming();
  const bool reads = log_.reads.use_count() > 1;
  return parked_.is_empty() && !appends_.has_unanswered() && !writes && waits_.is_empty() && !reads;
}

void partition_state::close(const msg::close_cleanly& m) {
  log_.closing = m;
  close_when_decided();
}

void partition_state::close_when_decided() {
  if (is_appending() || trims_.is_undecided()) return;
  clean_end_.write([this] { end(log_.closing->held); });
}

void partition_state::forget(const msg::forget_topic& m) {
  appends_.answer_all(error_code::unknown_topic_or_partition);
  trims_.fail(error_code::unknown_topic_or_partition);
  log_.store->hints.forget(log_.place.topic_id, log_.place.partition);
  log_.store->other_epochs->forget(log_.place.topic_id, log_.place.partition);
  log_.store->given_up->forget(log_.place.topic_id, log_.place.partition);
  end(m.held);
}

/// `held` is let go when nothing of this actor is on its way to the store any more.
void partition_state::end(std::shared_ptr<void> held) {
  log_.end_life();
  appends_.drop();
  if (log_.session) log_.session->close([held = std::move(held)] {});
  log_.session.reset();
  log_.self->quit(caf::exit_reason::user_shutdown);
}

}  // namespace tidegate::actors
