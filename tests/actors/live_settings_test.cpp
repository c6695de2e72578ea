#define CAF_SUITE live_settings
// Every setting that is said to be live reaches somebody when it changes, and no other does.
#include "actors/live_settings.hpp"

#include "actors/partition/retention_sweeper.hpp"
#include "actors/settings/socket_options.hpp"

#include "caf/test/unit_test.hpp"

#include <sstream>

using namespace tidegate;
using namespace tidegate::actors;

namespace {

/// What net::server::follow takes.
void show(std::ostream& out, const net::server_options& s) {
  const auto& l = s.limits;
  out << s.max_connections << ' ' << s.max_connections_per_address << ' ' << s.connections_per_second << ' '
      << l.max_frame_bytes << ' ' << l.max_requests_in_flight << ' ' << l.max_bytes_in_flight << ' '
      << l.max_unsent_bytes << ' ' << l.first_byte_timeout.count() << ' ' << l.idle_timeout.count() << ' '
      << l.frame_grace.count() << ' ' << l.frame_bytes_per_second << ' ' << l.drain_timeout.count() << '\n';
}

/// All that a reload sets.
std::string shown(const options& from) {
  const live_settings live;
  const auto handlers = live.handlers;  // a copy, as its users have
  live.follow(from);
  std::ostringstream out;
  show(out, server_options_of(from, nullptr));
  out << handlers.auto_create_topics << ' ' << handlers.num_partitions << ' ' << handlers.message_max_bytes << ' '
      << handlers.offset_metadata_max_bytes << ' ' << handlers.fetch_max_bytes << ' ' << handlers.protects_groups << ' '
      << handlers.protect_max_ms << ' ' << handlers.max_elements << ' ' << handlers.retention_ms << ' '
      << handlers.retention_bytes << '\n';
  const auto rules = live.group_rules();
  out << rules.initial_rebalance_delay_ms << ' ' << rules.min_session_timeout_ms << ' '
      << rules.max_session_timeout_ms << ' ' << rules.max_size << ' ' << rules.max_metadata_bytes << ' '
      << rules.max_offset_metadata_bytes << '\n'
      << live.producer_expiration.get().count() << ' ' << live.retention_check.get().count() << ' ' << from.log.level
      << ' ' << live.most_partitions << ' ' << live.group_bytes->most;
  return out.str();
}

/// The same settings, but for the one of `row`.
options with_another(const option_row& row, options from) {
  if (const auto* number = std::get_if<option_row::int_at>(&row.at))
    (*number)(from) = (*number)(from) == row.max ? row.min : row.max;
  if (const auto* flag = std::get_if<option_row::bool_at>(&row.at)) (*flag)(from) = !(*flag)(from);
  if (const auto* text = std::get_if<option_row::text_at>(&row.at))
    (*text)(from) = row.choices.empty() ? "127.0.0.1:1" : std::string(row.choices.back());
  return from;
}

}  // namespace

CAF_TEST(what is live changes something and what is not does not) {
  int live = 0;
  for (const auto& row : option_table()) {
    live += row.is_live;
    const bool changes = shown(with_another(row, {})) != shown({});
    if (changes != row.is_live) CAF_ERROR(row.key << (changes ? " is live" : " is not live"));
  }
  CAF_CHECK_EQUAL(live, 32);
}

CAF_TEST(the settings of an unchanged configuration are the defaults of who uses them) {
  const live_settings untouched;
  const live_settings live;
  live.follow({});
  CAF_CHECK_EQUAL(live.handlers.message_max_bytes.get(), untouched.handlers.message_max_bytes.get());
  CAF_CHECK_EQUAL(live.handlers.fetch_max_bytes.get(), untouched.handlers.fetch_max_bytes.get());
  CAF_CHECK_EQUAL(live.handlers.protect_max_ms.get(), untouched.handlers.protect_max_ms.get());
  CAF_CHECK_EQUAL(live.handlers.retention_ms.get(), untouched.handlers.retention_ms.get());
  CAF_CHECK_EQUAL(live.handlers.retention_bytes.get(), untouched.handlers.retention_bytes.get());
  CAF_CHECK_EQUAL(live.handlers.max_elements.get(), untouched.handlers.max_elements.get());
  CAF_CHECK_EQUAL(live.groups.max_metadata_bytes.get(), untouched.groups.max_metadata_bytes.get());
  CAF_CHECK_EQUAL(live.group_bytes->most.get(), untouched.group_bytes->most.get());
  CAF_CHECK_EQUAL(live.most_partitions.get(), untouched.most_partitions.get());
  CAF_CHECK(live.producer_expiration.get() == untouched.producer_expiration.get());
  CAF_CHECK(live.retention_check.get() == untouched.retention_check.get());
}

CAF_TEST(the sweeper follows what the handlers show) {
  const live_settings live;
  const auto sweeper = live.retention();
  options wanted;
  wanted.kafka.log_retention_ms = 2;
  wanted.kafka.log_retention_bytes = 3;
  wanted.kafka.log_retention_check_interval_ms = 4;
  wanted.retention.protect_groups = false;
  wanted.retention.protect_max_ms = 5;
  live.follow(wanted);
  CAF_CHECK_EQUAL(sweeper.check_interval.get().count(), 4);
  CAF_CHECK((retention_rules_of({}, sweeper) == core::retention_rules{2, 3, false, 5}));
}

CAF_TEST(copies are the same setting until they are assigned) {
  const live<int> first = 1;
  auto second = first;
  first.set(2);
  CAF_CHECK_EQUAL(second.get(), 2);
  second = 3;
  CAF_CHECK_EQUAL(first.get(), 2);
  CAF_CHECK_EQUAL(second.get(), 3);
}
