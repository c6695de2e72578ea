#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Every metric that /metrics shows. README.md of this folder has the same table; tests/tidy/metrics_test.cpp compares.
namespace tidegate::actors {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

struct metric_row {
  std::string_view name;
  metric_type type;
  std::array<std::string_view, 2> labels;  // "" = none
  std::string_view help;
};

namespace metric_rows {

inline constexpr auto C = metric_type::counter;
inline constexpr auto G = metric_type::gauge;
inline constexpr auto H = metric_type::histogram;

inline constexpr std::array all{
  // requests
  metric_row{"tidegate_requests_total", C, {"api"}, "Requests whose turn came, of all versions."},
  metric_row{"tidegate_request_errors_total", C, {"api", "error"},
             "Error codes in answers, each place of an answer counted for itself; error is Kafka's name."},
  metric_row{"tidegate_request_seconds", H, {"api"}, "Time from a request's turn to its answer, waits included."},
  metric_row{"tidegate_requests_refused_total", C, {"reason"}, "Requests that closed their connection."},
  metric_row{"tidegate_limit_hits_total", C, {"limit"}, "Requests, compressed batches or fetches that met this limit."},
  metric_row{"tidegate_requests_in_flight", G, {}, "Requests that were read and are not answered yet."},
  metric_row{"tidegate_request_bytes_in_flight", G, {}, "Bytes of these requests."},
  metric_row{"tidegate_received_bytes_total", C, {}, "Bytes from clients."},
  metric_row{"tidegate_sent_bytes_total", C, {}, "Bytes to clients."},
  metric_row{"tidegate_connections", G, {}, "Client connections that are open."},
  metric_row{"tidegate_connections_accepted_total", C, {}, "Client connections that were taken."},
  metric_row{"tidegate_connections_rejected_total", C, {"limit"}, "Client connections that were closed at once."},
  metric_row{"tidegate_connections_closed_total", C, {"limit"}, "Client connections that were closed for a limit."},
  metric_row{"tidegate_connection_pauses_total", C, {"limit"},
             "Times that a client was not read any further for a limit."},
  metric_row{"tidegate_connections_waiting", G, {}, "Connections in line until the node holds fewer requests."},
  metric_row{"tidegate_unsent_bytes", G, {}, "What answers that clients have not taken yet cost."},
  // groups
  metric_row{"tidegate_groups", G, {"state"}, "Groups that are loaded, by state; dormant groups are not."},
  metric_row{"tidegate_group_members", G, {}, "Members of loaded groups."},
  metric_row{"tidegate_group_rebalances_total", C, {}, "Generations that began."},
  metric_row{"tidegate_group_requests_refused_total", C, {"limit"},
             "Requests that would have made a group or a larger one, or brought it into memory, and were not let for a "
             "limit."},
  metric_row{"tidegate_topics_limited_total", C, {"limit"},
             "Topics that were not made or did not grow, or later than asked for, for a limit."},
  metric_row{"tidegate_parked_requests_refused_total", C, {"kind"},
             "Requests that too many others waited before, for an actor that loads or writes; clients ask again."},
  metric_row{"tidegate_offset_commits_total", C, {}, "Positions that were committed, one per partition."},
  metric_row{"tidegate_offset_commit_failures_total", C, {}, "Positions that were not, one per partition."},
  metric_row{"tidegate_offset_fetches_total", C, {}, "Positions that were asked for, one per partition."},
  metric_row{"tidegate_group_lag", G, {"group", "topic"},
             "Records between the committed positions of a group with members and the ends of its partitions, as the "
             "scrape before found them."},
  // actors
  metric_row{"tidegate_actors", G, {"kind"}, "Actors that live."},
  metric_row{"tidegate_actor_starts_total", C, {"kind"}, "Actors that were started, first or again."},
  metric_row{"tidegate_actor_crashes_total", C, {"kind"}, "Actors that ended when they should not have."},
  metric_row{"tidegate_actor_quarantines_total", C, {"kind"}, "Crashes after which an actor stayed down for a minute."},
  // records
  metric_row{"tidegate_appended_records_total", C, {}, "Records that were stored."},
  metric_row{"tidegate_appended_bytes_total", C, {}, "Bytes of their batches, as produced."},
  metric_row{"tidegate_fetched_records_total", C, {}, "Records in batches that were sent to consumers."},
  metric_row{"tidegate_fetched_bytes_total", C, {}, "Bytes of these batches."},
  metric_row{"tidegate_fetch_reads_total", C, {"from"}, "Reads of a partition for a fetch, by what answered them."},
  metric_row{"tidegate_fetches_waiting", G, {}, "Fetches that wait for records (long polls)."},
  metric_row{"tidegate_batches_refused_total", C, {"error"}, "Produced batches that were not stored."},
  metric_row{"tidegate_topic_records_in_total", C, {"topic"},
             "Records that were stored, of limits.metric_topics topics."},
  metric_row{"tidegate_topic_bytes_in_total", C, {"topic"}, "Bytes of their batches."},
  metric_row{"tidegate_topic_records_out_total", C, {"topic"}, "Records in batches that were sent to consumers."},
  metric_row{"tidegate_topic_bytes_out_total", C, {"topic"}, "Bytes of these batches."},
  // trouble
  metric_row{"tidegate_damaged_total", C, {"what"},
             "Reads that found something stored missing or damaged, each time."},
  metric_row{"tidegate_loads_failed_total", C, {"what"},
             "Reads and loads that failed; clients were told to ask again."},
  metric_row{"tidegate_appends_refused_total", C, {}, "Appends that the store refused."},
  metric_row{"tidegate_gaps_declared_total", C, {}, "Ranges of offsets that a rewound store lost, declared as gaps."},
  metric_row{"tidegate_foreign_files_total", C, {}, "Files of others that loads found in partitions; not served."},
  metric_row{"tidegate_invariant_violations_total", C, {"what"}, "Rules of tidegate's own that were found broken."},
  // store
  metric_row{"tidegate_store_windows_total", C, {"outcome"}, "Transactions under a fence, by what became of them."},
  metric_row{"tidegate_store_window_mutations", H, {}, "Mutations of one such transaction."},
  metric_row{"tidegate_store_window_seconds", H, {}, "Time from its first attempt to its decision."},
  metric_row{"tidegate_store_windows_undecided", G, {}, "Such transactions that are sent and not decided."},
  metric_row{"tidegate_store_undecided_seconds", G, {}, "Age of the oldest of them."},
  metric_row{"tidegate_disk_free_bytes", G, {}, "Free for data_dir; engine embedded only."},
  metric_row{"tidegate_disk_reserve_bytes", G, {}, "Records are refused while less is free."},
  metric_row{"tidegate_fence_held", G, {}, "1 while this node may write."},
  metric_row{"tidegate_store_calls_total", C, {"call", "outcome"}, "Calls to the engine, by outcome."},
  metric_row{"tidegate_store_call_seconds", H, {"call"}, "Time of these calls."},
  metric_row{"tidegate_chunk_written_bytes_total", C, {}, "Bytes of chunks that the engine took."},
  metric_row{"tidegate_chunk_read_bytes_total", C, {}, "Bytes of chunks that the engine returned."},
  metric_row{"tidegate_volumes", G, {}, "Volume files of the embedded engine."},
  metric_row{"tidegate_volume_bytes", G, {}, "Their bytes."},
  metric_row{"tidegate_volume_live_bytes", G, {}, "Those of them that are chunks which an entry names."},
  metric_row{"tidegate_disk_reads_total", C, {}, "Reads of chunks that were not all in the page cache."},
  metric_row{"tidegate_vacuum_copied_bytes_total", C, {}, "Bytes of chunks that were copied out of sparse volumes."},
  metric_row{"tidegate_vacuum_freed_bytes_total", C, {}, "Bytes of volumes that were deleted."},
  metric_row{"tidegate_sync_seconds", H, {}, "Time of its fdatasync calls."},
  metric_row{"tidegate_checkpoint_seconds", H, {}, "Time of its checkpoints."},
  metric_row{"tidegate_uploads_repeated_total", C, {}, "Uploads to volume servers that were tried once more."},
  metric_row{"tidegate_replica_fallbacks_total", C, {}, "Reads of chunks that went on to another volume server."},
  metric_row{"tidegate_read_ahead_bytes_total", C, {}, "Bytes that were read ahead from volume servers."},
  metric_row{"tidegate_read_ahead_reads_total", C, {"result"}, "Reads of chunks, by whether they were read ahead or kept."},
  // the node
  metric_row{"tidegate_healthy", G, {}, "1 when /health answers ok."},
  metric_row{"tidegate_build_info", G, {"version"}, "1."},
  metric_row{"tidegate_limit", G, {"name"}, "Limits as configured, under the names of the settings."},
  metric_row{"tidegate_limit_used", G, {"name"}, "How much of a limit of the whole node is in use."},
  metric_row{"process_resident_memory_bytes", G, {}, "Resident memory."},
  metric_row{"process_cpu_seconds_total", C, {}, "User and system time."},
  metric_row{"process_open_fds", G, {}, "Open file descriptors."},
  metric_row{"process_start_time_seconds", G, {}, "Start of the process, in seconds since 1970."},
};

}  // namespace metric_rows

inline constexpr const auto& metric_table = metric_rows::all;

/// A row of the table by its name; a name that is not there does not compile.
struct metric_id {
  consteval metric_id(const char* name) : index(0) {
    while (metric_table[index].name != std::string_view{name}) ++index;
  }
  std::size_t index;
};

}  // namespace tidegate::actors
