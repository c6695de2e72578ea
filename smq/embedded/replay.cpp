#include "smq/counters.hpp"
#include "smq/embedded/impl.hpp"
#include "smq/embedded/recovery.hpp"

#include <algorithm>
#include <unordered_set>

/// What a start does with the windows that the index does not have yet.
namespace tidegate::smq::embedded {

namespace {

constexpr std::uint64_t zero_block_bytes = 1ULL << 20;
constexpr std::uint64_t replay_worth_a_checkpoint = 1ULL << 20;

/// What a walk over the headers finds: windows in order, and where the first unreadable one would be.
struct walk {
  uuid store;
  std::vector<window_place> windows;
  std::optional<window_place> bad;
  bool is_newer = false;  // the bad one: of a newer version, no torn write
  window_place end;
  std::uint64_t synced_seq = 0;
};

walk walk_windows(volumes& files, const uuid& store, const replay_position& from) {
  walk found;
  found.store = store;
  window_place at{from.volume, from.position, {}};
  auto seq = from.next_seq;
  while (true) {
    const auto size = files.size_of(at.volume);
    if (size && at.position == *size && files.has(at.volume + 1)) {
      at = {at.volume + 1, 0, {}};
      continue;
    }
    if (!size || at.position == *size) break;
    const auto header = read_header(files, at.volume, at.position, *size);
    if (!header || header->store != store || header->seq != seq) {
      found.bad = at;
      found.is_newer = is_newer_window(files, store, at);
      break;
    }
    at.header = *header;
    found.synced_seq = std::max(found.synced_seq, header->synced_seq);
    found.windows.push_back(at);
    at.position += header->window_bytes();
    ++seq;
  }
  found.end = at;
  return found;
}

std::string missing_volume(const volumes& files, const index& entries) {
  const auto& from = entries.replay_from();
  for (const auto& [volume, bytes] : entries.live_bytes()) {
    if (!files.has(volume)) return "volume " + std::to_string(volume) + " is missing, but entries name chunks in it";
  }
  const auto numbers = files.numbers();
  const bool is_new = numbers.empty() && from.next_seq == 1;
  if (!is_new && !files.has(from.volume)) {
    return "volume " + std::to_string(from.volume) + " is missing: the index goes on there";
  }
  return {};
}

/// Finds what is bad in the windows that were perhaps not synced; windows behind the first bad one are dropped.
/// Errors: a bad window that others follow, or that is whole.
std::string check_tail(volumes& files, walk& found) {
  section_buffer section;
  for (std::size_t i = 0; i < found.windows.size(); ++i) {
    const auto& w = found.windows[i];
    if (w.header.seq <= found.synced_seq) continue;
    auto error = read_section(files, w, section);
    // The header and the mutations match their CRCs: no torn write, so nothing may be cut off.
    if (!error.empty() && section.is_whole) return unreadable_at(w, error);
    if (error.empty()) error = verify_chunks(files, w, section.what);
    if (error.empty()) continue;
    if (i + 1 < found.windows.size()) {
      return unreadable_at(w, error + "; window " + std::to_string(w.header.seq + 1) + " follows");
    }
    found.bad = w;
    found.end = w;
    found.windows.pop_back();
  }
  return {};
}

/// A torn last window was never acknowledged and goes; anything else that is unreadable is damage.
std::string judge_tail(volumes& files, const walk& found, std::uint64_t bad_seq) {
  const auto& bad = *found.bad;
  const auto number = "it is number " + std::to_string(bad_seq);
  if (const auto later = find_later_window(files, found.store, bad, bad_seq)) {
    return unreadable_at(bad, number + ", and " + std::to_string(later->header.seq) + " follows at " + later->text());
  }
  // A volume is on the disk as a whole before the next one is there.
  if (const auto newest = files.numbers().back(); newest > bad.volume)
    return unreadable_at(bad, number + ", and volume " + std::to_string(newest) + " follows");
  return {};
}

/// No window was begun there. In the newest volume only: others end with their last window.
bool is_zero_from(volumes& files, const window_place& from) {
  if (files.numbers().back() != from.volume) return false;
  const auto size = files.size_of(from.volume).value_or(0);
  byte_buffer block;
  for (auto at = from.position; at < size; at += block.size()) {
    block.resize(std::min<std::uint64_t>(zero_block_bytes, size - at));
    if (!files.read(from.volume, at, block).empty()) return false;
    if (std::ranges::any_of(block, [](std::byte b) { return b != std::byte{0}; })) return false;
  }
  return true;
}

std::uint64_t bytes_behind(volumes& files, const window_place& end) {
  const auto bytes = files.size_of(end.volume).value_or(0);
  return bytes - std::min(bytes, end.position);
}

/// Of the newest volume.
std::string cut_tail(volumes& files, const window_place& end) {
  counted.volume_bytes.add(-static_cast<std::int64_t>(files.size_of(end.volume).value_or(end.position) - end.position));
  if (auto error = files.truncate(end.volume, end.position); !error.empty()) return error;
  return files.rewrite(end.volume, end.position, end.position);
}

/// One sync per volume: with durability "os" very many windows may be new to the disk.
std::string make_durable(volumes& files, const recovery_plan& plan) {
  const auto& all = plan.windows;
  for (auto w = std::ranges::upper_bound(all, plan.synced_seq, {}, [](const auto& at) { return at.header.seq; });
       w != all.end();) {
    const auto next = std::find_if(w, all.end(), [&](const auto& at) { return at.volume != w->volume; });
    const auto& last = *std::prev(next);
    const auto until = last.position + last.header.window_bytes();
    if (auto error = files.rewrite(w->volume, w->position, until); !error.empty()) return error;
    w = next;
  }
  return {};
}

/// What the window stores and none of its entries is the first to name was copied from another volume.
std::string find_moved(const index& entries, const std::vector<chunk_id>& claimed, window_effects& effects) {
  const std::unordered_set<std::string_view> named{claimed.begin(), claimed.end()};
  for (auto it = effects.placed.begin(); it != effects.placed.end();) {
    const auto& id = it->first;
    if (named.contains(id)) {
      ++it;
      continue;
    }
    const auto from = entries.place_of(id);
    if (from.what.code == status::absent) {
      it = effects.placed.erase(it);
      continue;
    }
    if (!from.is_ok()) return from.what.reason;
    effects.moved.emplace(id, from.value);
    ++it;
  }
  return {};
}

}  // namespace

std::string replay_window(volumes& files, index& entries, const window_place& w, section_buffer& buffer,
                          const std::function<bool(std::string_view path)>& never_names_chunks) {
  if (auto error = read_section(files, w, buffer); !error.empty()) return error;
  window_effects effects;
  auto at = w.position + w.header.header_bytes + w.header.mutation_bytes;
  for (const auto& row : buffer.what.chunks) {
    effects.placed.emplace(row.id, chunk_place{w.volume, at, row.length, row.crc});
    at += row.length;
  }
  window_plan plan{entries, [&](const chunk_id& id) { return effects.placed.contains(id); }};
  for (const auto& r : buffer.what.records) {
    if (never_names_chunks && never_names_chunks(r.path)) continue;
    if (auto error = plan.replay(r); !error.empty()) return error;
  }
  if (auto error = find_moved(entries, plan.claimed, effects); !error.empty()) return error;
  effects.records = std::move(buffer.what.records);
  effects.released = std::move(plan.released);
  effects.next = {w.volume, w.position + w.header.window_bytes(), w.header.seq + 1};
  return entries.apply(std::move(effects));
}

namespace {

recovery_plan plan_what_is_read(volumes& files, const index& entries, const uuid& store) {
  recovery_plan plan;
  if (plan.error = missing_volume(files, entries); !plan.error.empty()) return plan;
  const auto from = entries.replay_from();
  if (files.has(from.volume) && files.size_of(from.volume).value_or(0) < from.position) {
    plan.error = "damaged: volume " + std::to_string(from.volume) + " ends before position " +
                 std::to_string(from.position);
    return plan;
  }
  auto found = walk_windows(files, store, from);
  if (found.is_newer) {
    plan.error = unreadable_at(*found.bad, written_by_newer);
    return plan;
  }
  if (plan.error = check_tail(files, found); !plan.error.empty()) return plan;
  if (found.bad && is_zero_from(files, *found.bad)) {
    plan.zero_bytes = bytes_behind(files, found.end);
  } else if (found.bad) {
    plan.error = judge_tail(files, found, from.next_seq + found.windows.size());
    plan.cut_bytes = bytes_behind(files, found.end);
  } else if (!files.numbers().empty() && files.numbers().back() > found.end.volume) {
    plan.error = "volume " + std::to_string(found.end.volume + 1) + " is missing, but later ones are there";
  }
  plan.windows = std::move(found.windows);
  plan.end = found.end;
  plan.synced_seq = found.synced_seq;
  return plan;
}

}  // namespace

recovery_plan plan_recovery(volumes& files, const index& entries, const uuid& store) {
  files.take_read_problem();
  auto plan = plan_what_is_read(files, entries, store);
  // What looks torn, or like the end, may be what could not be read: acknowledged windows may be there.
  if (auto problem = files.take_read_problem(); !problem.empty()) plan.error = std::move(problem);
  return plan;
}

std::string engine::impl::recover() {
  const auto plan = plan_recovery(*files, *entries, store);
  if (!plan.error.empty()) return plan.error;
  next_seq = entries->replay_from().next_seq + plan.windows.size();
  if (auto error = make_durable(*files, plan); !error.empty()) return error;
  section_buffer buffer;
  for (const auto& w : plan.windows) {
    if (auto error = replay_window(*files, *entries, w, buffer, settings.never_names_chunks); !error.empty()) {
      return unreadable_at(w, error);
    }
    ++report.replayed_windows;
    report.replayed_bytes += w.header.window_bytes();
    if (entries->recent_bytes() >= settings.checkpoint_memory_bytes) {
      if (auto error = entries->flush(); !error.empty()) return error;
    }
  }
  // Last of all: a start that is refused has cut nothing.
  if (plan.cut_bytes > 0) {
    report.cut_at = plan.end.text();
    report.cut_bytes = plan.cut_bytes;
  }
  if (plan.cut_bytes + plan.zero_bytes > 0) {
    if (auto error = cut_tail(*files, plan.end); !error.empty()) return error;
  }
  if (report.replayed_bytes > replay_worth_a_checkpoint) {
    entries->start_checkpoint();  // nobody waits for it
  } else {
    volume_bytes_since_checkpoint = report.replayed_bytes;
  }
  synced_seq = next_seq - 1;
  return files->start(plan.end.volume, plan.end.position);
}

}  // namespace tidegate::smq::embedded
