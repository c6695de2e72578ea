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
  if (!alone_.empty())
    fill_from(alone_, window, so_far);
  else if (fill_from(commits_, window, so_far))
    fill_from(bulk_, window, so_far);
  if (window.units.empty()) return;
  window.before = current_content_;
  renew_fence(window);
  window_ = std::move(window);
  window_began_ = options_.now();
  counted.windows_undecided.add();
  counted.window_mutations.observe(so_far.mutations);
  send();
}

// Moves units until one does not fit; true: the queue is empty.
bool shard::fill_from(std::deque<write_unit>& queue, write_window& window, filled& so_far) {
  while (!queue.empty()) {
    auto& unit = queue.front();
    bool fits = so_far.mutations + unit.mutations->size() <= options_.max_window_mutations &&
                so_far.bytes + unit.bytes <= options_.max_window_bytes &&
                so_far.chunk_bytes + unit.chunk_bytes <= options_.max_window_chunk_bytes && !unit.alone;
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

}  // namespace tidegate::smq
