#include "actors/partition/fetch_waits.hpp"

#include <algorithm>

namespace tidegate::actors {

void fetch_waits::wait(const msg::fetch_wait& m) {
  if (log_.machine->high_watermark() > m.offset) return m.answer(true);
  if (waiters_.size() >= prune_at_) {
    drop_abandoned();
    prune_at_ = std::max<std::size_t>(64, 2 * waiters_.size());
  }
  waiters_.push_back({m.offset, m.answer, m.interest});
}

void fetch_waits::wake() {
  auto woken = std::partition(waiters_.begin(), waiters_.end(),
                              [&](const waiter& w) { return w.offset >= log_.machine->high_watermark(); });
  for (auto w = woken; w != waiters_.end(); ++w)
    if (!w->interest.expired()) w->answer(true);
  waiters_.erase(woken, waiters_.end());
}

void fetch_waits::drop_abandoned() {
  std::erase_if(waiters_, [](const waiter& w) { return w.interest.expired(); });
}

}  // namespace tidegate::actors
