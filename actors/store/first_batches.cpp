#include "actors/store/first_batches.hpp"

#include <tuple>

namespace tidegate::actors {

void first_batches::add(const uuid& topic_id, std::int32_t partition, const core::producer_claim& given_up,
                        std::int64_t now_ms) {
  const std::lock_guard lock{mutex_};
  if (producers_ >= max_producers) drop_old(now_ms);
  if (producers_ >= max_producers) return;
  auto& known = partitions_[{topic_id, partition}];
  const auto before = known.size();
  known.give_up(given_up, now_ms);
  producers_ += known.size() - before;
}

core::producer_state first_batches::take(const uuid& topic_id, std::int32_t partition) {
  const std::lock_guard lock{mutex_};
  auto taken = partitions_.extract({topic_id, partition});
  if (taken.empty()) return {};
  producers_ -= taken.mapped().size();
  return std::move(taken.mapped());
}

void first_batches::forget(const uuid& topic_id, std::int32_t partition) { std::ignore = take(topic_id, partition); }

/// Looks at all of them, so not for every batch that is given up while the store is away.
void first_batches::drop_old(std::int64_t now_ms) {
  constexpr std::int64_t between_looks_ms = 10'000;
  if (now_ms < look_again_ms_ && now_ms >= look_again_ms_ - between_looks_ms) return;  // or the clock was put back
  look_again_ms_ = now_ms + between_looks_ms;
  std::size_t left = 0;
  for (auto& [place, known] : partitions_) {
    known.expire(now_ms, max_age_ms);
    left += known.size();
  }
  std::erase_if(partitions_, [](const auto& entry) { return entry.second.size() == 0; });
  producers_ = left;
}

}  // namespace tidegate::actors
