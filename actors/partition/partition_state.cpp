#include "actors/partition/partition_state.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/runtime/spawn.hpp"

#include <utility>

namespace tidegate::actors {

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
  : log_(self, std::move(store), std::move(topic), partition, std::move(settings)),
    retirement_(log_, std::move(registry), clean_end_, merges_, *this) {
  counters_of(actor_kind::offset_actor).starts.add();
}

partition_state::~partition_state() {
  if (log_.session) log_.session->close([] {});
}

partition_actor::behavior_type partition_state::make_behavior() {
  loading_.load();
  retirement_.look_in(log_.settings.idle_after);
  return {
    [this](const msg::append& m) { when_serving(m, checks_, &append_checks::append); },
    [this](const msg::fetch_read& m) { when_serving(m, reads_, &partition_reads::fetch); },
    [this](const msg::fetch_wait& m) { when_serving(m, waits_, &fetch_waits::wait); },
    [this](const msg::list_offsets& m) { when_serving(m, search_, &offset_search::list); },
    [this](const msg::offset_for_leader_epoch& m) { when_serving(m, reads_, &partition_reads::end_of_epoch); },
    [this](const msg::find_by_ts& m) { when_serving(m, reads_, &partition_reads::translate); },
    [this](const msg::trim& m) { when_serving(m, trims_, &partition_trims::trim); },
    [this](const msg::topic_changed& m) { log_.use_topic(m.topic); },
    [this](const msg::forget_topic& m) { forget(m); },
    [this](const msg::close_cleanly& m) { close(m); },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

template <class Message, class Part>
void partition_state::when_serving(const Message& m, Part& part, void (Part::*f)(const Message&)) {
  retirement_.note_request();
  if (log_.machine) return (part.*f)(m);
  parked_.add(for_later(m, part, f));
}

void partition_state::log_loaded() {
  merges_.log_loaded();
  doubts_.log_loaded();
  clean_end_.log_loaded();
}

void partition_state::log_served() {
  appends_.begin();
  merges_.erase_leftovers();
  trims_.start();
  waits_.wake();  // what was undecided before a reload may be stored
}

void partition_state::reload(const std::string& reason) {
  log_.say(log_level::warn, "partition loads again", log_field{"reason", reason});
  // What was on its way may be stored or not; the client finds out by asking again.
  appends_.answer_all(error_code::request_timed_out);
  appends_.drop();
  trims_.give_up();
  // Their list of segments is the one that is loaded now.
  for (auto& read : repeated_.take_waiting()) parked_.add(std::move(read));
  for (auto& read : older_.take_waiting()) parked_.add(std::move(read));
  log_.drop_ordered_work();
  for (const auto& m : checks_.take()) parked_.add_anyway(for_later(m, checks_, &append_checks::append));
  older_.give_up();
  trims_.fail(error_code::request_timed_out);
  if (log_.machine) {
    log_.machine->abandon();
    loading_.expect_first_batches_of(log_.machine->producers());
  }
  log_.machine.reset();
  merges_.end();
  log_.tail.clear();
  if (log_.closing) return close_when_decided();
  loading_.load();
}

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

void partition_state::close(const msg::close_cleanly& m) {
  log_.closing = m;
  close_when_decided();
}

void partition_state::close_when_decided() {
  if (is_appending() || trims_.is_undecided()) return;
  clean_end_.write([this] { end(log_.closing->held); });
}

bool partition_state::is_appending() const { return appends_.is_appending() || !checks_.is_empty(); }

bool partition_state::is_quiet() {
  waits_.drop_abandoned();
  const bool writes = is_appending() || merges_.is_merging() || trims_.is_trimming();
  const bool reads = log_.reads.use_count() > 1;
  return parked_.is_empty() && !appends_.has_unanswered() && !writes && waits_.is_empty() && !reads;
}

void partition_state::forget(const msg::forget_topic& m) {
  appends_.answer_all(error_code::unknown_topic_or_partition);
  trims_.fail(error_code::unknown_topic_or_partition);
  log_.store->hints.forget(log_.place.topic_id, log_.place.partition);
  log_.store->other_epochs->forget(log_.place.topic_id, log_.place.partition);
  log_.store->given_up->forget(log_.place.topic_id, log_.place.partition);
  end(m.held);
}

void partition_state::end(std::shared_ptr<void> held) {
  log_.end_life();
  appends_.drop();
  if (log_.session) log_.session->close([held = std::move(held)] {});
  log_.session.reset();
  log_.self->quit(caf::exit_reason::user_shutdown);
}

partition_actor spawn_partition(caf::actor_system& system, std::shared_ptr<const store_access> store, topic_ptr topic,
                                std::int32_t partition, const partition_settings& settings,
                                partition_registry_actor registry) {
  return spawn<partition_actor, partition_state>(system, std::move(store), std::move(topic), partition, settings,
                                                 std::move(registry));
}

}  // namespace tidegate::actors
