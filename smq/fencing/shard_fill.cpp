// Which of the waiting units go into the next window.
#include "smq/counters.hpp"
#include "smq/fencing/shard.hpp"

#include <utility>

namespace tidegate::smq {

void shard::begin_window() {
  if (window_ || fenced_) return;
  write_window window;
  filled so_far;
  // What did not fit blocks everything behind it: a later unit of the same session must not overtake it.
  if (!alone_.empty()) {
    fill_from(alone_, window, so_far);
  } else {
    // Commits alone could fill every window: what had to wait for the last one gets up to a half of this one.
    if (bulk_waited_) fill_from(bulk_, window, so_far, true);
    if (fill_from(commits_, window, so_far)) fill_from(bulk_, window, so_far);
    bulk_waited_ = !bulk_.empty();
  }
  if (window.units.empty()) return;
  window.before = current_content_;
  renew_fence(window);
  window_ = std::move(window);
  window_began_ = options_.now();
  counted.windows_undecided.add();
  counted.window_mutations.observe(so_far.mutations);
  send();
}

// Moves units until one does not fit; true: the queue is empty. `ahead`: of commits, as far as a half of the window, and
// not ahead of those of their own session, which were queued before them.
bool shard::fill_from(std::deque<write_unit>& queue, write_window& window, filled& so_far, bool ahead) {
  const std::size_t parts = ahead ? 2 : 1;
  while (!queue.empty()) {
    auto& unit = queue.front();
    if (ahead && has_commits(unit.owner)) return false;
    bool fits = so_far.mutations + unit.mutations->size() <= options_.max_window_mutations / parts &&
                so_far.bytes + unit.bytes <= options_.max_window_bytes / parts &&
                so_far.chunk_bytes + unit.chunk_bytes <= options_.max_window_chunk_bytes / parts && !unit.alone;
    if (!fits && !window.units.empty()) return false;
    so_far.mutations += unit.mutations->size();
    so_far.bytes += unit.bytes;
    so_far.chunk_bytes += unit.chunk_bytes;
    queued_bytes_ -= unit.bytes;
    if (auto it = owners_.find(unit.owner); it != owners_.end()) {
      --it->second.queued;
      if (&queue == &bulk_) --it->second.queued_bulk;
    }
    window.units.push_back(std::move(unit));
    queue.pop_front();
    if (!fits) return false;
  }
  return true;
}

bool shard::has_commits(const std::string& owner) const {
  const auto found = owners_.find(owner);
  return found != owners_.end() && found->second.queued > found->second.queued_bulk;
}

}  // namespace tidegate::smq
