#include "actors/store/store_engine.hpp"

#include "actors/log.hpp"
#include "actors/settings/cluster_options.hpp"
#include "messages/common/fault_point.hpp"
#include "smq/chunk_cache.hpp"
#include "smq/counted_ports.hpp"
#include "smq/embedded/engine.hpp"
#include "smq/fencing/shard.hpp"
#include "smq/names.hpp"
#include "smq/seaweedmq/engine.hpp"

#include <chrono>
#include <limits>

namespace tidegate::actors {

namespace {

// A person who mistyped an address is told within this time.
constexpr std::chrono::seconds cluster_patience{4};
constexpr std::chrono::seconds rules_patience{10};

/// The engine goes before what counts its calls: its last completions come while it goes.
struct counted_engine {
  std::unique_ptr<smq::counted_ports> counted;
  std::unique_ptr<smq::embedded::engine> engine;
};

std::unique_ptr<store_engine> open_embedded(const options& settings, std::string& error) {
  smq::embedded::options embedded;
  embedded.data_dir = settings.data_dir;
  embedded.sync = settings.smq.durability == "fsync";
  embedded.volume_bytes = static_cast<std::uint64_t>(settings.smq.volume_bytes);
  embedded.never_names_chunks = smq::never_names_chunks;
  embedded.zeros_ahead_bytes = 512ULL << 10;
  // What is not in a checkpoint cannot be vacuumed.
  embedded.checkpoint_volume_bytes = std::min(embedded.checkpoint_volume_bytes, 4 * embedded.volume_bytes);
  if constexpr (has_fault_points)
    embedded.faults.at = [](std::string_view step) { fault_point("embedded." + std::string(step)); };
  const auto reserve_bytes = embedded.reserve_bytes;
  auto opened = smq::embedded::open(std::move(embedded));
  error = std::move(opened.error);
  if (!opened.store) return nullptr;
  if (const auto& found = opened.store->recovered(); found.cut_bytes > 0)
    log_event(log_level::warn, "a write that was never acknowledged was cut off",
              {{"at", found.cut_at}, {"bytes", found.cut_bytes}});
  if (opened.store->recovered().is_new)
    log_event(log_level::warn, "a new store was made", {{"data_dir", settings.data_dir}});
  auto both = std::make_shared<counted_engine>();
  both->engine = std::move(opened.store);
  both->counted = std::make_unique<smq::counted_ports>(both->engine->ports());
  const auto ports = both->counted->ports();
  const smq::shard_options shards;
  auto release = [store = both->engine.get()](const smq::chunk_id& id) { store->release(id); };
  auto free_bytes = [store = both->engine.get()] { return store->free_bytes(); };
  auto engine = std::make_unique<store_engine>(std::move(both), ports);
  engine->max_window_mutations = shards.max_window_mutations;
  engine->max_window_bytes = shards.max_window_bytes;
  engine->max_window_chunk_bytes = shards.max_window_chunk_bytes;
  engine->free_bytes = std::move(free_bytes);
  engine->reserve_bytes = reserve_bytes;
  engine->has_native_subscribers = false;  // nobody but this process writes here
  // The chunks of a merge are in one window, and everybody's commits wait for it: short files. So a file of many chunks
  // is worth a copy of its own, else long logs would keep all their small chunks.
  engine->merges = {.min_sources = 8, .min_chunks = 64, .max_bytes = std::uint64_t{8} << 20};
  engine->release = std::move(release);
  return engine;
}

/// The cache completes nothing by itself, so the engine goes first.
struct cluster_engine {
  std::unique_ptr<smq::counted_ports> counted;
  std::unique_ptr<smq::chunk_cache> cache;
  std::unique_ptr<smq::seaweedmq::engine> cluster;
};

std::unique_ptr<store_engine> open_seaweedmq(const options& settings, std::string& error) {
  auto opened = smq::seaweedmq::open(cluster_options(settings.smq), std::chrono::steady_clock::now() + cluster_patience);
  error = std::move(opened.error);
  if (!opened.store) return nullptr;
  smq::chunk_cache_options ahead;
  ahead.max_bytes = static_cast<std::size_t>(settings.limits.read_ahead_bytes);
  auto both = std::make_shared<cluster_engine>();
  both->counted = std::make_unique<smq::counted_ports>(opened.store->ports());
  const auto ports = both->counted->ports();
  both->cache = std::make_unique<smq::chunk_cache>(ports.chunks, ahead);
  both->cluster = std::move(opened.store);
  const smq::engine cached{*both->cache, ports.entries};
  const auto address = both->cluster->filer_address();
  auto release = [store = both->cluster.get()](const smq::chunk_id& id) { store->release(id); };
  auto mark = [store = both->cluster.get()](const std::string& cluster_id) { store->mark_uploads(cluster_id); };
  auto ask = [store = both->cluster.get()](std::function<void(std::optional<std::string>)> done) {
    store->ask_about_rules(std::chrono::steady_clock::now() + rules_patience, std::move(done));
  };
  auto engine = std::make_unique<store_engine>(std::move(both), cached);
  engine->ask_about_rules = std::move(ask);
  engine->shards = smq::seaweedmq::shard_count;
  engine->max_window_mutations = smq::seaweedmq::max_window_mutations;
  engine->max_window_bytes = smq::seaweedmq::max_window_bytes;
  engine->max_window_chunk_bytes = std::numeric_limits<std::uint64_t>::max();
  // Every rewrite of a segment's entry is logged twice by the filer: short chunk lists (design §6.3).
  engine->segments = {.max_chunks_per_segment = 16, .max_segment_bytes = 16 * 1024 * 1024};
  engine->appends_at_once = 4;  // a chunk is put while the entry of the one before is written
  engine->overlap_bytes = std::size_t{256} << 10;
  engine->merges_at_once = 4;  // they wait for round trips most of the time
  engine->start_timeout = cluster_patience;
  engine->look_every = std::chrono::seconds{10};  // others may write there, and it may be put back
  engine->mark_uploads = std::move(mark);
  engine->address = address;
  engine->address_is_named = !settings.smq.filer.empty();
  engine->release = std::move(release);
  return engine;
}

}  // namespace

std::unique_ptr<store_engine> open_engine(const options& settings, std::string& error) {
  return settings.smq.engine == "seaweedmq" ? open_seaweedmq(settings, error) : open_embedded(settings, error);
}

}  // namespace tidegate::actors
