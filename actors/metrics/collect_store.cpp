// What smq counts.
#include "actors/metrics/collect.hpp"
#include "smq/counters.hpp"

namespace tidegate::actors {

namespace {

constexpr double seconds = 1e-9;  // histograms count nanoseconds

constexpr std::array<std::string_view, 7> calls{"chunk_put", "chunk_get", "get",        "get_many",
                                                "list",      "transact",  "remove_tree"};
constexpr std::array<std::string_view, 6> outcomes{"ok", "absent", "conflict", "refused", "partial", "unknown"};

void add_calls(metric_page& page, const smq::store_counters& store) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& call = store.calls[i];
    page.add("tidegate_store_call_seconds", call.time, seconds, {calls[i]});
    for (std::size_t o = 0; o < outcomes.size(); ++o)
      page.add("tidegate_store_calls_total", call.outcomes[o], {calls[i], outcomes[o]});
  }
  page.add("tidegate_chunk_written_bytes_total", store.chunk_bytes_written);
  page.add("tidegate_chunk_read_bytes_total", store.chunk_bytes_read);
}

void add_engines(metric_page& page, const smq::store_counters& store) {
  page.add("tidegate_volumes", store.volumes);
  page.add("tidegate_volume_bytes", store.volume_bytes);
  page.add("tidegate_volume_live_bytes", store.live_bytes);
  page.add("tidegate_disk_reads_total", store.disk_reads);
  page.add("tidegate_vacuum_copied_bytes_total", store.vacuum_copied_bytes);
  page.add("tidegate_vacuum_freed_bytes_total", store.vacuum_freed_bytes);
  page.add("tidegate_sync_seconds", store.sync_time, seconds);
  page.add("tidegate_checkpoint_seconds", store.checkpoint_time, seconds);
  page.add("tidegate_uploads_repeated_total", store.uploads_repeated);
  page.add("tidegate_replica_fallbacks_total", store.replica_fallbacks);
  page.add("tidegate_read_ahead_bytes_total", store.read_ahead_bytes);
  page.add("tidegate_read_ahead_reads_total", store.read_ahead_hits, {"hit"});
  page.add("tidegate_read_ahead_reads_total", store.read_ahead_misses, {"miss"});
}

}  // namespace

void add_store(metric_page& page) {
  const auto& store = smq::counted;
  page.add("tidegate_store_windows_total", store.windows_stored, {"stored"});
  page.add("tidegate_store_windows_total", store.windows_refused, {"refused"});
  page.add("tidegate_store_windows_total", store.windows_burned, {"given_up"});
  page.add("tidegate_store_windows_total", store.windows_fenced, {"fenced"});
  page.add("tidegate_store_window_mutations", store.window_mutations, 1);
  page.add("tidegate_store_window_seconds", store.window_time, seconds);
  page.add("tidegate_store_windows_undecided", store.windows_undecided);
  page.add("tidegate_fence_held", store.fences_lost.value() == 0 ? 1.0 : 0.0);
  add_calls(page, store);
  add_engines(page, store);
}

}  // namespace tidegate::actors
