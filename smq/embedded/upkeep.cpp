#include "smq/counters.hpp"
#include "smq/embedded/impl.hpp"

#include <cstdio>
#include <utility>

/// What the writer thread does between windows: checkpoints, and volumes that are not needed any more.
namespace tidegate::smq::embedded {

namespace {

constexpr std::uint64_t max_checkpoints_behind = 4;
constexpr std::uint64_t looks_per_reserve = 32;  // bytes that are written between two looks at a disk that is nearly full

}  // namespace

/// A checkpoint bounds what a start replays, and the memory of what RocksDB does not have yet.
bool engine::impl::is_checkpoint_due(std::uint64_t times) const {
  return mutation_bytes_since_checkpoint >= times * settings.checkpoint_mutation_bytes ||
         volume_bytes_since_checkpoint >= times * settings.checkpoint_volume_bytes ||
         entries->recent_bytes() >= times * checkpoint_memory_bytes();
}

void engine::impl::checkpoint_when_due() {
  if (!is_checkpoint_due(1) || start_checkpoint()) return;
  // The last one is still on its way. Only a disk that is far too slow makes the writer wait for it.
  if (!is_checkpoint_due(max_checkpoints_behind)) return;
  // Errors: the next window ends the process, or the checkpoint waits for room, as the next windows will.
  if (auto error = entries->wait_for_checkpoint(); !error.empty()) return;
  start_checkpoint();
}

/// False: the last one is still on its way.
bool engine::impl::start_checkpoint() {
  note_dead_volumes();  // this checkpoint is the one that lets them go
  if (!entries->start_checkpoint()) return false;
  mutation_bytes_since_checkpoint = 0;
  volume_bytes_since_checkpoint = 0;
  return true;
}

/// What changed lately is in memory, as many small pieces, and a start would have to replay it.
bool engine::impl::is_worth_a_quiet_checkpoint() const {
  return entries->recent_bytes() >= settings.quiet_checkpoint_bytes;
}

void engine::impl::note_window(time_point now) {
  if (std::exchange(last_change, entries->latest_change()) == entries->latest_change()) return;
  last_change_at = now;
  if (wants_upkeep || !is_worth_a_quiet_checkpoint()) return;
  wants_upkeep = true;
  next_upkeep = now + settings.upkeep_interval;
}

/// After a window, after a pause, and when a vacuum ended.
void engine::impl::upkeep_when_due() {
  const auto now = std::chrono::steady_clock::now();
  note_window(now);
  std::optional<vacuum_end> ended;
  {
    const std::lock_guard lock{queue_mutex};
    ended.swap(vacuum_ended);
  }
  if (ended) {
    vacuuming.reset();
    if (ended->how == vacuum::ending::damaged) stuck_volumes[ended->volume] = now + settings.damage_pause;
    if (ended->how == vacuum::ending::refused) wants_upkeep = true;
  }
  // What a disk that is nearly full still takes must not fill it before the next look.
  const bool is_urgent = volume_bytes_since_upkeep >= settings.reserve_bytes / looks_per_reserve && is_nearly_full();
  const bool is_time = wants_upkeep && (now >= next_upkeep || is_urgent);
  const bool may_go_on = ended && ended->how != vacuum::ending::refused;
  if (!is_time && !may_go_on && entries->durable_change() == last_durable_change) return;
  if (is_time) {
    next_upkeep = now + settings.upkeep_interval;
    volume_bytes_since_upkeep = 0;
    look_at_disk();
  }
  const bool waits = upkeep(is_time);
  if (is_time || waits) wants_upkeep = waits;
}

/// `is_time`: also what should not be done all the time. True: there is more to do, later.
bool engine::impl::upkeep(bool is_time) {
  last_durable_change = entries->durable_change();
  if (is_time) leave_sparse_volume();
  note_dead_volumes();
  remove_dead_volumes();
  // Dead volumes would stay until enough is written for the next one.
  const bool is_quiet = std::chrono::steady_clock::now() - last_change_at >= settings.quiet_after;
  // The vacuum takes no volume that a start would replay.
  const bool holds_vacuum_up = entries->durable_volume() < entries->replay_from().volume && is_nearly_full();
  const bool is_wanted = !dead_since.empty() || is_checkpoint_due(1) || holds_vacuum_up ||
                         (is_quiet && is_worth_a_quiet_checkpoint());
  if (is_time && is_wanted) start_checkpoint();
  if (cleaner && !vacuuming) {
    if (const auto sparse = sparsest_volume(); sparse && cleaner->begin(*sparse)) vacuuming = sparse;
  }
  // A checkpoint that ended since the first line has made more durable than was looked at here. And a disk that is nearly
  // full may have room for a copy at any time, without a word to us.
  return is_nearly_full() || !dead_since.empty() || is_checkpoint_due(1) || is_worth_a_quiet_checkpoint() ||
         entries->has_checkpoint_under_way() || entries->durable_change() != last_durable_change;
}

/// On a disk that is nearly full nobody fills the volume that is written, and its dead bytes would stay for ever: commits
/// are dead at once. An empty window lets replays begin in the next one, also in one that was begun and then refused.
void engine::impl::leave_sparse_volume() {
  if (failed || !is_nearly_full()) return;
  if (entries->replay_from().volume == files->current()) {
    const auto& live = entries->live_bytes();
    const auto here = live.find(files->current());
    const auto alive = here == live.end() ? 0 : here->second;
    if (files->position() < alive + settings.reserve_bytes / looks_per_reserve) return;
    if (!start_next_volume().empty()) return;
  }
  window_plan nothing{*entries, [](const chunk_id&) { return false; }};
  window_size size;
  if (write(nothing, {}, ~std::uint64_t{0}, size).is_ok()) after_window(size);  // what frees space needs no room
}

/// A volume goes when it is full, no entry names a chunk in it, and a crash cannot bring back the index from before.
void engine::impl::note_dead_volumes() {
  const auto& live = entries->live_bytes();
  live_total = entries->live_total();
  live_shown.set(&counted.live_bytes, static_cast<std::int64_t>(entries->live_total()));
  for (const auto volume : files->numbers()) {
    // Not the current volume: that one may be new and empty while a replay would still begin in the one before.
    if (volume >= entries->replay_from().volume) break;
    if (!live.contains(volume)) dead_since.emplace(volume, entries->latest_change());
  }
}

void engine::impl::remove_dead_volumes() {
  std::erase_if(dead_since, [&](const auto& dead) {
    const auto& [volume, since] = dead;
    if (entries->durable_change() < since || volume == vacuuming) return false;
    const auto bytes = files->size_of(volume).value_or(0);
    if (auto error = files->remove(volume); !error.empty()) {
      std::fprintf(stderr, "tidegate: %s\n", error.c_str());
      return false;
    }
    counted.vacuum_freed_bytes.add(bytes);
    stuck_volumes.erase(volume);
    step("vacuum.removed");
    return true;
  });
}

/// What looks like damage may be a file that could not be opened for a moment.
bool engine::impl::is_stuck(std::uint32_t volume) const {
  const auto found = stuck_volumes.find(volume);
  return found != stuck_volumes.end() && std::chrono::steady_clock::now() < found->second;
}

/// The volume to copy: while more than half of what the volumes keep is dead (but for one volume), the one with the
/// smallest part alive. Only volumes that a start would not replay. On a disk that is nearly full: each that is half dead
/// and whose copy fits.
std::optional<std::uint32_t> engine::impl::sparsest_volume() const {
  const auto free = files->free_bytes();
  const bool is_pressed = is_nearly_full();
  const auto& live = entries->live_bytes();
  std::uint64_t bytes = 0;
  std::uint64_t alive = 0;
  std::optional<std::uint32_t> best;
  double least = 0.5;
  for (const auto& [volume, size] : files->sizes()) {
    if (volume >= entries->durable_volume()) break;
    const auto here = live.find(volume);
    if (here == live.end()) continue;  // goes without a copy
    bytes += size;
    alive += here->second;
    const auto part = static_cast<double>(here->second) / static_cast<double>(size);
    if (part > least || is_stuck(volume)) continue;
    if (is_pressed && free < here->second + settings.reserve_bytes / 4) continue;
    least = part;
    best = volume;
  }
  return is_pressed || bytes > 2 * alive + settings.volume_bytes ? best : std::nullopt;
}

void engine::impl::start_vacuum() {
  vacuum::surroundings all{*files, *entries, store, settings.vacuum_batch_bytes, {}, {}, {}};
  all.write = [this](std::vector<moved_chunk> moves, completion<outcome> done) {
    task one;
    one.moves = std::move(moves);
    one.deadline = time_point::max();
    one.done = std::move(done);
    enqueue(std::move(one));
  };
  all.ended = [this](std::uint32_t volume, vacuum::ending how) {
    {
      const std::lock_guard lock{queue_mutex};
      vacuum_ended = vacuum_end{volume, how};
    }
    queue_changed.notify_one();
  };
  all.step = [this](std::string_view name) { step(name); };
  cleaner = std::make_unique<vacuum>(std::move(all));
}

}  // namespace tidegate::smq::embedded
