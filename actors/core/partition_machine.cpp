#include "actors/core/partition_machine.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tidegate::core {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

/// The first epoch above `epoch`.
auto above(const std::vector<epoch_start>& epochs, std::int32_t epoch) {
  return std::upper_bound(epochs.begin(), epochs.end(), epoch,
                          [](std::int32_t wanted, const epoch_start& e) { return wanted < e.epoch; });
}

}  // namespace

producer_claim claim_of(const kafka::batch_header& header) {
  return {header.producer_id, header.producer_epoch, header.base_sequence, header.record_count};
}

produced_batch to_produced(shared_bytes batch, const kafka::batch_check& check) {
  return {std::move(batch), claim_of(check.header), check.header.record_count, check.max_timestamp};
}

partition_machine::partition_machine(const partition_start& start, producer_state producers)
  : leader_epoch_(start.leader_epoch),
    log_start_offset_(start.log_start_offset),
    applied_{start.next_offset, start.next_message_number, start.last_ts_ns},
    planned_(applied_),
    offered_next_offset_(start.next_offset),
    epochs_(start.epochs),
    producers_(std::move(producers)) {
  if (!epochs_.empty() && epochs_.back().epoch >= leader_epoch_) return;
  // An epoch without batches would end where the next one begins: it is as if it had never been, as in Kafka.
  while (!epochs_.empty() && epochs_.back().start_offset >= start.next_offset) epochs_.pop_back();
  epochs_.push_back({leader_epoch_, start.next_offset});
}

produce_verdict partition_machine::offer(produced_batch batch, std::int64_t now_ns) {
  auto verdict = producers_.decide(batch.producer);
  if (verdict.decision != produce_decision::append) return verdict;
  verdict.base_offset = offered_next_offset_;
  verdict.timestamp_ms = now_ns / ns_per_ms;
  producers_.plan(batch.producer, verdict.base_offset, verdict.timestamp_ms);
  offered_next_offset_ += batch.record_count;
  queued_bytes_ += batch.batch.size();
  queue_.push_back({std::move(batch), verdict.base_offset});
  return verdict;
}

std::vector<planned_batch> partition_machine::plan(std::int64_t now_ns, const append_rules& rules) {
  std::vector<planned_batch> out;
  std::size_t bytes = 0;
  while (!queue_.empty()) {
    auto& next = queue_.front().what;
    const auto size = next.batch.size();
    if (!out.empty() && (size > rules.max_append_bytes || bytes > rules.max_append_bytes - size)) break;
    bytes += size;
    planned_batch p;
    p.base_offset = queue_.front().base_offset;
    p.leader_epoch = leader_epoch_;
    p.record_count = next.record_count;
    p.ts_ns = std::max(planned_.last_ts_ns + 2, now_ns);  // + 2: SMQ readers resume at ts_ns + 1
    p.message_number = planned_.next_message_number;
    // By the clock, as Kafka's: behind a clock that was ahead once, ts_ns stays there.
    p.max_timestamp = rules.uses_log_append_time ? now_ns / ns_per_ms : next.max_timestamp;
    p.batch = std::move(next.batch);
    kafka::set_base_offset(p.batch.writable(), p.base_offset);
    kafka::set_leader_epoch(p.batch.writable(), p.leader_epoch);
    if (rules.uses_log_append_time)
      kafka::set_log_append_time(p.batch.writable(), p.max_timestamp);
    else
      kafka::set_max_timestamp(p.batch.writable(), p.max_timestamp);
    planned_ = {p.base_offset + p.record_count, p.message_number + 1, p.ts_ns};
    undecided_.push_back({next.producer, p.base_offset, now_ns / ns_per_ms});
    out.push_back(std::move(p));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return out;
}

void partition_machine::apply(std::span<const planned_batch> stored) {
  for (const auto& p : stored) {
    if (undecided_.empty() || undecided_.front().base_offset != p.base_offset || p.base_offset != applied_.next_offset)
      throw std::logic_error("a plan is applied out of order");
    producers_.apply(undecided_.front().producer, p.base_offset, undecided_.front().planned_ms);
    undecided_.pop_front();
    applied_ = {p.base_offset + p.record_count, p.message_number + 1, p.ts_ns};
  }
}

void partition_machine::abandon() {
  producers_.abandon_undecided();
  queue_.clear();
  queued_bytes_ = 0;
  undecided_.clear();
  planned_ = applied_;
  offered_next_offset_ = applied_.next_offset;
}

std::optional<std::int64_t> partition_machine::trim_target(std::int64_t offset) const {
  if (offset == -1) return high_watermark();
  if (offset < 0 || offset > high_watermark()) return std::nullopt;
  return std::max(offset, log_start_offset_);
}

void partition_machine::trim(std::int64_t log_start_offset) {
  log_start_offset_ = std::max(log_start_offset_, log_start_offset);
  // The epoch that holds the new start stays and begins there; those before it are gone.
  while (epochs_.size() > 1 && epochs_[1].start_offset <= log_start_offset_) epochs_.erase(epochs_.begin());
  if (!epochs_.empty()) epochs_[0].start_offset = std::max(epochs_[0].start_offset, log_start_offset_);
}

error_code partition_machine::check_leader_epoch(std::int32_t current_leader_epoch) const {
  if (current_leader_epoch < 0 || current_leader_epoch == leader_epoch_) return error_code::none;
  return current_leader_epoch < leader_epoch_ ? error_code::fenced_leader_epoch : error_code::unknown_leader_epoch;
}

fetch_check partition_machine::check_fetch(std::int64_t fetch_offset, std::int32_t current_leader_epoch,
                                           std::int32_t last_fetched_epoch) const {
  if (const auto e = check_leader_epoch(current_leader_epoch); e != error_code::none) return {e, {}};
  if (last_fetched_epoch >= 0) {
    const auto end = end_of_epoch(last_fetched_epoch);
    if (end.epoch < 0) return {error_code::offset_out_of_range, {}};
    if (end.epoch < last_fetched_epoch || end.end_offset < fetch_offset) return {error_code::none, end};
  }
  if (fetch_offset < log_start_offset_ || fetch_offset > high_watermark()) return {error_code::offset_out_of_range, {}};
  return {};
}

epoch_end partition_machine::end_of_epoch(std::int32_t epoch) const {
  if (epoch < 0 || epochs_.empty()) return {};
  if (epoch == epochs_.back().epoch) return {epoch, high_watermark()};
  const auto higher = above(epochs_, epoch);
  if (higher == epochs_.end()) return {};
  if (higher == epochs_.begin()) return {epoch, higher->start_offset};
  return {std::prev(higher)->epoch, higher->start_offset};
}

std::int32_t partition_machine::epoch_at(std::int64_t offset) const {
  const auto behind =
      std::upper_bound(epochs_.begin(), epochs_.end(), offset,
                       [](std::int64_t wanted, const epoch_start& e) { return wanted < e.start_offset; });
  return behind == epochs_.begin() ? -1 : std::prev(behind)->epoch;
}

}  // namespace tidegate::core
