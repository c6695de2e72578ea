#include "actors/core/tail_cache.hpp"

#include <algorithm>

namespace tidegate::core {

void tail_cache::push(const planned_batch& batch) {
  if (!items_.empty() && batch.base_offset < items_.back().next_offset) clear();
  const bool is_copied = batch.batch.size() < copied_below_bytes_;
  items_.push_back({batch.base_offset, batch.base_offset + batch.record_count, batch.ts_ns,
                    is_copied ? shared_bytes::copy_of(batch.batch.view()) : batch.batch});
  bytes_ += batch.batch.size();
  if (node_) node_->take(batch.batch.size());
  if (node_ && items_.size() == 1) node_->join();
  while (!items_.empty() && bytes_ > max_bytes_) drop_front();
  give_up_excess();
}

void tail_cache::give_up_excess() {
  if (!node_) return;
  const auto is_above_share = [&] { return bytes_ > node_->share(); };
  while (items_.size() > 1 && (node_->is_over() || (node_->is_scarce() && is_above_share()))) drop_front();
  if (!items_.empty() && (node_->is_far_over() || (node_->is_over() && is_above_share()))) drop_front();
}

std::optional<std::vector<shared_bytes>> tail_cache::read(std::int64_t offset, std::size_t max_bytes,
                                                           const batch_observer& seen) const {
  if (items_.empty() || offset < items_.front().base_offset) return std::nullopt;
  auto at = std::upper_bound(items_.begin(), items_.end(), offset,
                             [](std::int64_t wanted, const item& i) { return wanted < i.next_offset; });
  std::vector<shared_bytes> out;
  std::size_t size = 0;
  for (; at != items_.end(); ++at) {
    if (!out.empty() && (at->batch.size() > max_bytes || size > max_bytes - at->batch.size())) break;
    size += at->batch.size();
    out.push_back(at->batch);
    if (seen) seen(at->next_offset, at->ts_ns);
  }
  return out;
}

void tail_cache::trim(std::int64_t log_start) {
  while (!items_.empty() && items_.front().next_offset <= log_start) drop_front();
}

void tail_cache::clear() {
  if (node_) node_->give(bytes_);
  if (node_ && !items_.empty()) node_->leave();
  items_.clear();
  bytes_ = 0;
}

void tail_cache::drop_front() {
  bytes_ -= items_.front().batch.size();
  if (node_) node_->give(items_.front().batch.size());
  items_.pop_front();
  if (node_ && items_.empty()) node_->leave();
}

}  // namespace tidegate::core
