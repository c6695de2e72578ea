#include "smq/embedded/impl.hpp"

#include <algorithm>

/// What a disk that is nearly full still takes: records are refused first, then other writes, last what frees space and
/// entries that are swapped alone.
namespace tidegate::smq::embedded {

namespace {

// A trim may name a new snapshot of the producers.
constexpr std::uint64_t added_by_a_trim = 64ULL << 10;
constexpr std::uint64_t largest_swap = 64ULL << 10;

bool erases(const task& one) {
  return std::ranges::any_of(one.prepared.mutations, [](const prepared_mutation& m) { return !m.what.value; });
}

/// The guarded entry alone gets its next content: fences and the view, which a start writes, the mark of a topic that is to
/// be deleted, and a few small ones.
bool is_swap(const task& one) {
  const auto& all = one.prepared.mutations;
  return all.size() == 1 && all.front().what.path == one.condition.path && all.front().chunks.empty() &&
         one.bytes <= largest_swap;
}

}  // namespace

/// Bytes of chunks that the task is the first to name.
std::uint64_t engine::impl::added_bytes(const task& one) const {
  std::uint64_t bytes = 0;
  for (const auto& m : one.moves) bytes += m.from.length;
  const std::lock_guard lock{chunks_mutex};
  for (const auto& m : one.prepared.mutations) {
    for (const auto& id : m.chunks) {
      const auto found = pending.find(id);
      if (found != pending.end()) bytes += found->second->length;
    }
  }
  return bytes;
}

/// True for any disk that is not nearly full: then nobody is asked one by one.
bool engine::impl::has_room_for_all(const std::vector<task>& tasks, std::uint64_t free) const {
  auto bytes = settings.reserve_bytes;
  for (const auto& t : tasks) {
    bytes += t.bytes;
    for (const auto& m : t.moves) bytes += m.from.length;
  }
  const std::lock_guard lock{chunks_mutex};
  return free >= bytes + pending_bytes;
}

/// `free`: what is left of the disk, and then of that. A quarter of the reserve is RocksDB's, whose checkpoints free
/// volumes; commits go on below the limit of records, so that who reads them can go on, too.
bool engine::impl::takes_room(const task& one, std::uint64_t& free) const {
  const auto added = added_bytes(one);
  auto reserve = added > 0 ? settings.reserve_bytes : settings.reserve_bytes / 2;
  const bool frees = !one.moves.empty() || (erases(one) && added <= added_by_a_trim);
  // Without a start or a mark nobody could free anything.
  if (frees || is_swap(one)) reserve = settings.reserve_bytes / 4;
  const auto bytes = one.bytes + added;
  if (free < reserve + bytes) return false;
  free -= bytes;
  return true;
}

/// Free bytes of the disk. Once per window: the question costs as much as the rest of a small one.
std::uint64_t engine::impl::look_at_disk() { return seen_free_bytes = files->free_bytes(); }

/// What frees volumes is a checkpoint, whose table must fit into the quarter that is RocksDB's when all else is full.
std::uint64_t engine::impl::checkpoint_memory_bytes() const {
  return std::min(settings.checkpoint_memory_bytes, std::max(settings.reserve_bytes, seen_free_bytes) / 4);
}

bool engine::impl::is_nearly_full() const { return files->free_bytes() < 2 * settings.reserve_bytes; }

}  // namespace tidegate::smq::embedded
