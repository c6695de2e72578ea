// What net and actors count.
#include "actors/metrics/collect.hpp"

#include "actors/metrics/counters.hpp"
#include "messages/common/error_name.hpp"
#include "messages/kafka/counters.hpp"
#include "net/counters.hpp"

namespace tidegate::actors {

namespace {

constexpr double seconds = 1e-9;  // histograms count nanoseconds

constexpr std::array<std::string_view, 4> kinds{"connection", "coordinator", "offset_actor", "registry"};
constexpr std::array<std::string_view, 6> states{"Loading",  "Empty", "PreparingRebalance", "CompletingRebalance",
                                                 "Stable", "Dead"};

/// Codes that were never seen have no series.
void add_errors(metric_page& page, metric_id metric, const error_counters& errors, std::string_view api) {
  for (std::int16_t code = error_counters::first; code <= error_counters::last; ++code) {
    const auto error = static_cast<error_code>(code);
    const auto count = static_cast<double>(errors.value(error));
    if (count == 0) continue;
    if (api.empty())
      page.add(metric, count, {name_of(error)});
    else
      page.add(metric, count, {api, name_of(error)});
  }
}

}  // namespace

void add_requests(metric_page& page) {
  for (std::size_t i = 0; i < kafka::apis.size(); ++i) {
    const auto& api = counted.apis[i];
    const auto name = kafka::apis[i].name;
    page.add("tidegate_requests_total", api.requests, {name});
    page.add("tidegate_request_seconds", api.time, seconds, {name});
    add_errors(page, "tidegate_request_errors_total", api.errors, name);
  }
  page.add("tidegate_requests_refused_total", counted.malformed_headers, {"header"});
  page.add("tidegate_requests_refused_total", counted.malformed_bodies, {"body"});
  page.add("tidegate_requests_refused_total", counted.unsupported_versions, {"version"});
  page.add("tidegate_requests_refused_total", counted.replica_fetches, {"replica"});
  constexpr metric_id limit{"tidegate_limit_hits_total"};
  page.add(limit, kafka::counted.too_many_elements, {"limits.elements_per_request"});
  page.add(limit, kafka::counted.too_large_records, {"limits.decompressed_bytes"});
  page.add(limit, counted.fetches_cut_short, {"limits.fetch_bytes_in_flight"});
  const auto& sockets = net::counted;
  page.add("tidegate_requests_in_flight", sockets.requests_in_flight);
  page.add("tidegate_request_bytes_in_flight", sockets.bytes_in_flight);
  page.add("tidegate_received_bytes_total", sockets.bytes_received);
  page.add("tidegate_sent_bytes_total", sockets.bytes_sent);
  page.add("tidegate_connections", sockets.connections);
  page.add("tidegate_connections_accepted_total", sockets.accepted);
  page.add("tidegate_connections_rejected_total", sockets.rejected_by_node_limit, {"kafka.max.connections"});
  page.add("tidegate_connections_rejected_total", sockets.rejected_by_address_limit, {"kafka.max.connections.per.ip"});
  page.add("tidegate_connections_rejected_total", sockets.rejected_by_rate, {"limits.connections_per_second"});
  constexpr metric_id closed{"tidegate_connections_closed_total"};
  page.add(closed, sockets.closed_without_first_byte, {"limits.first_byte_timeout_ms"});
  page.add(closed, sockets.closed_idle, {"kafka.connections.max.idle.ms"});
  page.add(closed, sockets.closed_slow_frame, {"limits.frame_bytes_per_second"});
  page.add(closed, sockets.closed_undrained, {"limits.drain_timeout_ms"});
  page.add(closed, sockets.closed_bad_length, {"kafka.socket.request.max.bytes"});
  page.add(closed, sockets.closed_slow_turn, {"limits.node_bytes_in_flight"});
  constexpr metric_id paused{"tidegate_connection_pauses_total"};
  page.add(paused, sockets.paused_by_requests, {"limits.requests_in_flight"});
  page.add(paused, sockets.paused_by_bytes, {"limits.bytes_in_flight"});
  page.add(paused, sockets.paused_by_unsent, {"limits.unsent_bytes"});
  page.add(paused, sockets.paused_by_node_requests, {"limits.node_requests_in_flight"});
  page.add(paused, sockets.paused_by_node_bytes, {"limits.node_bytes_in_flight"});
  page.add(paused, sockets.paused_by_node_unsent, {"limits.node_unsent_bytes"});
}

void add_groups(metric_page& page) {
  for (std::size_t i = 0; i < states.size(); ++i) page.add("tidegate_groups", counted.groups[i], {states[i]});
  page.add("tidegate_group_members", counted.members);
  page.add("tidegate_group_rebalances_total", counted.rebalances);
  constexpr metric_id refused{"tidegate_group_requests_refused_total"};
  page.add(refused, counted.refused_by_groups, {"limits.groups"});
  page.add(refused, counted.refused_by_new_groups, {"limits.new_groups_per_second"});
  page.add(refused, counted.refused_by_group_metadata, {"limits.group_metadata_bytes"});
  page.add(refused, counted.refused_by_group_entry, {"group_entry_bytes"});
  page.add(refused, counted.refused_by_node_group_bytes, {"limits.node_group_bytes"});
  page.add("tidegate_topics_limited_total", counted.refused_by_partitions, {"limits.partitions"});
  page.add("tidegate_topics_limited_total", counted.refused_by_new_partitions, {"limits.new_partitions_per_second"});
  page.add("tidegate_parked_requests_refused_total", counted.unparked_group_requests, {"coordinator"});
  page.add("tidegate_parked_requests_refused_total", counted.unparked_partition_requests, {"offset_actor"});
  page.add("tidegate_offset_commits_total", counted.commits);
  page.add("tidegate_offset_commit_failures_total", counted.failed_commits);
  page.add("tidegate_offset_fetches_total", counted.offset_fetches);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& of = counted.actors[i];
    page.add("tidegate_actors", of.alive, {kinds[i]});
    page.add("tidegate_actor_starts_total", of.starts, {kinds[i]});
    page.add("tidegate_actor_crashes_total", of.crashes, {kinds[i]});
    page.add("tidegate_actor_quarantines_total", of.quarantines, {kinds[i]});
  }
}

void add_records(metric_page& page) {
  page.add("tidegate_appended_records_total", counted.appended_records);
  page.add("tidegate_appended_bytes_total", counted.appended_bytes);
  page.add("tidegate_fetched_records_total", counted.fetched_records);
  page.add("tidegate_fetched_bytes_total", counted.fetched_bytes);
  page.add("tidegate_fetch_reads_total", counted.reads_from_tail, {"tail"});
  page.add("tidegate_fetch_reads_total", counted.reads_from_store, {"store"});
  page.add("tidegate_fetches_waiting", counted.waiting_fetches);
  add_errors(page, "tidegate_batches_refused_total", counted.refused_batches, "");
}

void add_trouble(metric_page& page) {
  page.add("tidegate_damaged_total", counted.damaged_records, {"records"});
  page.add("tidegate_damaged_total", counted.damaged_positions, {"position"});
  page.add("tidegate_damaged_total", counted.damaged_topics, {"topic"});
  page.add("tidegate_damaged_total", counted.damaged_groups, {"group"});
  page.add("tidegate_damaged_total", counted.damaged_partitions, {"partition"});
  page.add("tidegate_loads_failed_total", counted.failed_reads, {"records"});
  page.add("tidegate_loads_failed_total", counted.failed_topic_reads, {"topic"});
  page.add("tidegate_loads_failed_total", counted.failed_partition_loads, {"partition"});
  page.add("tidegate_loads_failed_total", counted.failed_group_loads, {"group"});
  page.add("tidegate_appends_refused_total", counted.refused_appends);
  page.add("tidegate_gaps_declared_total", counted.gaps_declared);
  page.add("tidegate_foreign_files_total", counted.foreign_files);
  page.add("tidegate_invariant_violations_total", counted.actor_exceptions, {"actor_exception"});
  page.add("tidegate_invariant_violations_total", counted.unencodable_answers, {"unencodable_answer"});
}

void add_topics(metric_page& page, const topic_metrics& topics) {
  for (const auto& [topic, of] : topics.rows()) {
    page.add("tidegate_topic_records_in_total", of->records_in, {topic});
    page.add("tidegate_topic_bytes_in_total", of->bytes_in, {topic});
    page.add("tidegate_topic_records_out_total", of->records_out, {topic});
    page.add("tidegate_topic_bytes_out_total", of->bytes_out, {topic});
  }
}

void add_lags(metric_page& page, const lag_board& board) {
  const std::lock_guard lock{board.mutex};
  for (const auto& [of, lag] : board.rows)
    page.add("tidegate_group_lag", static_cast<double>(lag), {of.first, of.second});
}

}  // namespace tidegate::actors
