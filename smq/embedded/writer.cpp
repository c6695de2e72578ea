#include "messages/common/crc32c.hpp"
#include "smq/embedded/impl.hpp"

#include <cstdio>
#include <cstdlib>
#include <set>

/// The writer thread: whatever is queued becomes one window.
namespace tidegate::smq::embedded {

namespace {

// Bounds of one window; what is queued behind them is the next one. A transaction is never split.
constexpr std::uint64_t max_window_mutation_bytes = 16ULL << 20;
constexpr std::size_t max_window_tasks = 16384;
constexpr std::size_t erased_per_window = 4096;
// Durability "os": more would make the next fdatasync (at a checkpoint) stall the writer for long.
constexpr std::uint64_t max_unsynced_bytes = 64ULL << 20;

outcome refused(std::string reason) { return {status::refused, std::move(reason), 0}; }

iovec part_of(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

void engine::impl::step(std::string_view name) const {
  if (settings.faults.at) settings.faults.at(name);
}

/// After a failed sync nobody knows what is on disk: only a new process that reads it again may go on.
outcome engine::impl::fail(const std::string& why) {
  failed = true;
  if (settings.faults.fatal) {
    settings.faults.fatal(why);
  } else {
    std::fprintf(stderr, "tidegate: the store in %s cannot go on: %s\n", settings.data_dir.c_str(), why.c_str());
    std::_Exit(70);
  }
  return {status::unknown, why, 0};
}

void engine::impl::sync_before_checkpoint() {
  if (settings.sync) return;  // what the index has is synced already
  if (auto error = files->sync(); !error.empty()) fail(error);
}

/// Nothing taken: it is time for upkeep. False: this was all.
bool engine::impl::take_queued(std::vector<task>& taken) {
  taken.clear();
  std::unique_lock lock{queue_mutex};
  const auto has_work = [&] { return stopping || !queue.empty() || vacuum_ended; };
  if (wants_upkeep) {
    queue_changed.wait_until(lock, next_upkeep, has_work);
  } else {
    queue_changed.wait(lock, has_work);
  }
  if (stopping && queue.empty()) return false;
  std::uint64_t bytes = 0;
  while (!queue.empty() && taken.size() < max_window_tasks && bytes < max_window_mutation_bytes) {
    // A tree is removed between windows: it has to see what came before it.
    if (!queue.front().tree.empty() && !taken.empty()) break;
    taken.push_back(std::move(queue.front()));
    queue.pop_front();
    bytes += taken.back().bytes;
    if (!taken.back().tree.empty()) break;
  }
  return true;
}

void engine::impl::run() {
  for (std::vector<task> tasks; take_queued(tasks);) {
    if (!tasks.empty() && !tasks.front().tree.empty()) {
      // What waits meanwhile has a window between two of a removal.
      if (remove_some(tasks.front())) enqueue(std::move(tasks.front()));
    } else if (!tasks.empty()) {
      run_window(tasks);
    }
    upkeep_when_due();
  }
}

void engine::impl::run_window(std::vector<task>& tasks) {
  step("window.taken");
  window_plan plan{*entries, [this](const chunk_id& id) { return waits_for_a_name(id); }, settings.never_names_chunks};
  std::vector<outcome> outcomes;
  outcomes.reserve(tasks.size());
  std::vector<moved_chunk> moves;
  const auto now = std::chrono::steady_clock::now();
  const auto free = look_at_disk();
  auto left = free;
  const bool is_roomy = has_room_for_all(tasks, free);
  for (auto& t : tasks) {
    if (failed) {
      outcomes.push_back(refused("the store failed"));
    } else if (!is_roomy && !takes_room(t, left)) {
      outcomes.push_back(refused("disk full"));
    } else if (t.deadline < now) {
      outcomes.push_back(refused("deadline passed"));
    } else if (!t.moves.empty()) {
      moves = std::move(t.moves);  // the vacuum has one batch on its way at most
      outcomes.emplace_back();
    } else {
      outcomes.push_back(plan.add(t.condition, t.prepared.mutations));
    }
  }
  drop_dead_moves(plan, moves);
  window_size size;
  if (!plan.records.empty() || !moves.empty()) {
    // A conflict may rest on a mutation of the same window: it is as true as that mutation is durable.
    if (const auto written = write(plan, moves, free, size); !written.is_ok()) {
      give_back_chunks(plan);
      for (auto& o : outcomes) {
        if (o.code != status::refused) o = written;
      }
      size = {};
    }
  }
  if (!is_roomy) wants_upkeep = true;  // nothing else would make it look for what can go
  // What comes after the window changes no outcome, and may wait for the disk.
  for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].done(std::move(outcomes[i]));
  if (size.bytes > 0) after_window(size);
}

/// One window of a removal. False: it is answered.
bool engine::impl::remove_some(task& one) {
  const auto end = [&](outcome what) {
    one.done(std::move(what));
    return false;
  };
  if (failed) return end(refused("the store failed"));
  auto paths = entries->paths_below(one.tree, one.removed, erased_per_window);
  if (!paths.is_ok()) return end(paths.what);
  if (paths.value.empty()) return end({});
  window_plan plan{*entries, [](const chunk_id&) { return false; }, settings.never_names_chunks};
  for (const auto& path : paths.value) {
    // Not refused: an earlier window of this call may have removed a part.
    if (auto error = plan.replay({path, std::nullopt}); !error.empty())
      return end({status::unknown, std::move(error), 0});
  }
  window_size size;
  if (auto written = write(plan, {}, look_at_disk(), size); !written.is_ok()) {
    wants_upkeep = true;
    return end({status::unknown, written.reason, 0});
  }
  after_window(size);
  return true;
}

/// Goes to the next volume when the current one is full. Errors: disk full and the like; nothing has changed.
std::string engine::impl::make_room(std::uint64_t bytes, std::uint64_t free) {
  if (free < settings.reserve_bytes / 4 + bytes) return "disk full";
  return files->position() < settings.volume_bytes ? std::string{} : start_next_volume();
}

std::string engine::impl::start_next_volume() {
  // Behind a volume that others follow there is nothing: its size, too, is on the disk before the next one is there.
  if (auto error = files->cut_zeros(); !error.empty()) return error;
  if (auto error = files->sync(); !error.empty()) {
    fail(error);
    return error;
  }
  unsynced_bytes = 0;
  synced_seq = next_seq - 1;
  return files->start(files->current() + 1, 0);
}

/// Takes the bytes of the chunks that the plan names, and their rows. Errors: false when one is gone.
bool engine::impl::claim_chunks(const window_plan& plan, std::vector<std::shared_ptr<pending_chunk>>& chunks,
                                std::vector<chunk_row>& rows) {
  const std::lock_guard lock{chunks_mutex};
  for (const auto& id : plan.claimed) {
    const auto found = pending.find(id);
    if (found == pending.end()) return false;
    found->second->in_window = true;
    chunks.push_back(found->second);
    rows.push_back({id, found->second->length, found->second->crc});
  }
  return true;
}

/// After a refusal: the chunks wait for a name again, and may be forgotten.
void engine::impl::give_back_chunks(const window_plan& plan) {
  const std::lock_guard lock{chunks_mutex};
  for (const auto& id : plan.claimed) {
    if (const auto found = pending.find(id); found != pending.end()) found->second->in_window = false;
  }
}

/// What was released or moved since the vacuum looked, or is released by this window, stays where it is.
void engine::impl::drop_dead_moves(const window_plan& plan, std::vector<moved_chunk>& moves) const {
  if (moves.empty()) return;
  const std::set<chunk_id> released{plan.released.begin(), plan.released.end()};
  std::erase_if(moves, [&](const moved_chunk& m) {
    const auto now = entries->place_of(m.id);
    return released.contains(m.id) || !now.is_ok() || now.value != m.from;
  });
}

/// Appends, syncs and indexes one window. Outcomes: ok; refused (nothing changed); unknown (the process must end).
/// `free`: bytes of the disk.
outcome engine::impl::write(window_plan& plan, const std::vector<moved_chunk>& moves, std::uint64_t free,
                            window_size& size) {
  mutation_section section;
  std::vector<std::shared_ptr<pending_chunk>> chunks;
  if (!claim_chunks(plan, chunks, section.chunks)) return refused("a chunk was named too late");
  for (const auto& m : moves) section.chunks.push_back({m.id, m.from.length, m.from.crc});
  section.records = std::move(plan.records);
  const auto mutations = encode_section(section);
  window_header header{store, next_seq, synced_seq, mutations.size(), 0, crc32c(as_byte_view(mutations))};
  for (const auto& row : section.chunks) header.chunk_bytes += row.length;
  if (auto error = make_room(header.window_bytes(), free); !error.empty()) return refused(std::move(error));
  header.synced_seq = synced_seq;
  const auto head = encode_header(header);
  std::vector<iovec> parts{part_of(head), part_of(mutations)};
  for (const auto& c : chunks) {
    for (const auto& p : c->parts) {
      if (!p.empty()) parts.push_back(part_of(as_text(p.view())));
    }
  }
  for (const auto& m : moves) parts.push_back(part_of(as_text(m.bytes.view())));

  window_effects effects;
  for (const auto& m : moves) effects.moved.emplace(m.id, m.from);
  effects.records = std::move(section.records);
  effects.released = std::move(plan.released);
  auto at = files->position() + head.size() + mutations.size();
  for (const auto& row : section.chunks) {
    effects.placed.emplace(row.id, chunk_place{files->current(), at, row.length, row.crc});
    at += row.length;
  }
  const bool is_small = header.window_bytes() <= settings.small_window_bytes;
  if (auto error = files->append(std::move(parts), settings.sync && is_small ? settings.zeros_ahead_bytes : 0);
      !error.empty()) {
    if (error.starts_with("cannot undo")) return fail(error);
    return refused(std::move(error));
  }
  effects.next = {files->current(), files->position(), next_seq + 1};
  size = {mutations.size(), header.window_bytes()};
  return make_visible(std::move(effects));
}

outcome engine::impl::make_visible(window_effects&& effects) {
  step("window.appended");
  if (settings.sync) {
    if (auto error = files->sync(); !error.empty()) return fail(error);
    synced_seq = next_seq;
  }
  step("window.synced");
  const auto placed = effects.placed;
  if (auto error = entries->apply(std::move(effects)); !error.empty()) return fail(error);
  live_total = entries->live_total();
  step("window.indexed");
  ++next_seq;
  {
    const std::lock_guard lock{chunks_mutex};
    for (const auto& [id, place] : placed) {
      if (pending.erase(id) > 0) pending_bytes -= place.length;
    }
    open_seq = next_seq;
    open_index = 0;
  }
  ++windows;
  return {};
}

/// What a window makes due: it is visible and, where that is asked for, durable already.
void engine::impl::after_window(const window_size& size) {
  mutation_bytes_since_checkpoint += size.mutation_bytes;
  volume_bytes_since_checkpoint += size.bytes;
  volume_bytes_since_upkeep += size.bytes;
  if (!settings.sync) {
    unsynced_bytes += size.bytes;
    if (unsynced_bytes / (max_unsynced_bytes / 8) != (unsynced_bytes - size.bytes) / (max_unsynced_bytes / 8)) {
      files->start_write_back();
    }
    if (unsynced_bytes >= max_unsynced_bytes) {
      if (auto error = files->sync(); !error.empty()) {
        fail(error);
        return;
      }
      unsynced_bytes = 0;
      synced_seq = next_seq - 1;
    }
  }
  wants_upkeep = true;
  checkpoint_when_due();
}

}  // namespace tidegate::smq::embedded
