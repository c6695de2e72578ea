#include "actors/first_batches.hpp"

namespace tidegate::actors {

void first_batches::add(const uuid& topic_id, std::int32_t partition, const core::producer_claim& given_up,
                        std::int64_t now_ms) {
  const std::lock_guard lock{mutex_};
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

}  // namespace tidegate::actors
