#include "actors/core/producer_state.hpp"

#include <algorithm>
#include <limits>

namespace tidegate::core {

namespace {

constexpr std::int32_t max_sequence = std::numeric_limits<std::int32_t>::max();
constexpr std::uint8_t snapshot_version = 1;
constexpr std::size_t snapshot_producer_size = 8 + 2 + 1;
constexpr std::size_t snapshot_batch_size = 4 + 4 + 8 + 8;

/// Sequence numbers wrap from 2^31-1 to 0.
std::int32_t advance(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>((std::int64_t{sequence} + by) & max_sequence);
}

template <class T>
void put(byte_buffer& out, T value) {
  for (std::size_t i = sizeof(T); i > 0; --i)
    out.push_back(static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * (i - 1))) & 0xff));
}

/// The caller has checked that the bytes are there.
template <class T>
T take(byte_view& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = (value << 8) | std::to_integer<std::uint64_t>(in[i]);
  in = in.subspan(sizeof(T));
  return static_cast<T>(value);
}

}  // namespace

producer_state::batch producer_state::batch_of(const producer_claim& claim, std::int64_t base_offset,
                                               std::int64_t timestamp_ms) {
  return {claim.producer_epoch, claim.base_sequence, advance(claim.base_sequence, claim.record_count - 1), base_offset,
          timestamp_ms};
}

/// Source: Kafka's ProducerStateEntry.findDuplicateBatch, then ProducerAppendInfo.checkProducerEpoch and checkSequence.
produce_verdict producer_state::decide(const producer_claim& claim) const {
  if (!claim.is_idempotent()) return {};
  const auto found = producers_.find(claim.producer_id);
  if (found == producers_.end()) return {};
  const auto& [applied, undecided] = found->second;
  if (applied.empty() && undecided.empty()) return {};
  const auto& last = undecided.empty() ? applied.back() : undecided.back();
  const auto asked = batch_of(claim, -1, -1);
  const auto is_same = [&](const batch& b) {
    return b.epoch == asked.epoch && b.first_sequence == asked.first_sequence && b.last_sequence == asked.last_sequence;
  };
  if (asked.epoch == last.epoch) {
    // From the newest: after a wrap, the same numbers mean the later batch.
    if (auto b = std::find_if(undecided.rbegin(), undecided.rend(), is_same); b != undecided.rend())
      return {produce_decision::duplicate_undecided, error_code::none, b->base_offset, b->timestamp_ms};
    if (auto b = std::find_if(applied.rbegin(), applied.rend(), is_same); b != applied.rend())
      return {produce_decision::duplicate, error_code::none, b->base_offset, b->timestamp_ms};
  }
  if (asked.epoch < last.epoch) return {produce_decision::refuse, error_code::invalid_producer_epoch, -1, -1};
  const auto expected = asked.epoch > last.epoch ? 0 : advance(last.last_sequence, 1);
  if (asked.first_sequence != expected)
    return {produce_decision::refuse, error_code::out_of_order_sequence_number, -1, -1};
  return {};
}

void producer_state::plan(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms) {
  if (!claim.is_idempotent()) return;
  producers_[claim.producer_id].undecided.push_back(batch_of(claim, base_offset, timestamp_ms));
}

void producer_state::apply(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms) {
  if (!claim.is_idempotent()) return;
  auto& [applied, undecided] = producers_[claim.producer_id];
  if (!undecided.empty() && undecided.front().base_offset == base_offset) undecided.pop_front();
  if (!applied.empty() && applied.back().epoch != claim.producer_epoch) applied.clear();
  applied.push_back(batch_of(claim, base_offset, timestamp_ms));
  if (applied.size() > batches_kept) applied.pop_front();
}

void producer_state::abandon_undecided() {
  for (auto& [id, p] : producers_) p.undecided.clear();
  std::erase_if(producers_, [](const auto& entry) { return entry.second.applied.empty(); });
}

void producer_state::expire(std::int64_t now_ms, std::int64_t max_idle_ms) {
  std::erase_if(producers_, [&](const auto& entry) {
    const auto& p = entry.second;
    return p.undecided.empty() && (p.applied.empty() || p.applied.back().timestamp_ms < now_ms - max_idle_ms);
  });
}

byte_buffer producer_state::encode() const {
  const auto is_stored = [](const auto& entry) { return !entry.second.applied.empty(); };
  byte_buffer out;
  out.reserve(5 + producers_.size() * (snapshot_producer_size + batches_kept * snapshot_batch_size));
  put(out, snapshot_version);
  put(out, static_cast<std::uint32_t>(std::count_if(producers_.begin(), producers_.end(), is_stored)));
  for (const auto& [id, p] : producers_) {
    if (p.applied.empty()) continue;
    put(out, id);
    put(out, p.applied.back().epoch);
    put(out, static_cast<std::uint8_t>(p.applied.size()));
    for (const auto& b : p.applied) {
      put(out, b.first_sequence);
      put(out, b.last_sequence);
      put(out, b.base_offset);
      put(out, b.timestamp_ms);
    }
  }
  return out;
}

std::optional<producer_state> producer_state::decode(byte_view in) {
  if (in.size() < 5 || take<std::uint8_t>(in) != snapshot_version) return std::nullopt;
  const auto count = take<std::uint32_t>(in);
  producer_state out;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (in.size() < snapshot_producer_size) return std::nullopt;
    const auto id = take<std::int64_t>(in);
    const auto epoch = take<std::int16_t>(in);
    const auto batches = take<std::uint8_t>(in);
    if (id < 0 || batches < 1 || batches > batches_kept) return std::nullopt;
    if (in.size() < batches * snapshot_batch_size) return std::nullopt;
    auto& p = out.producers_[id];
    if (!p.applied.empty()) return std::nullopt;
    for (std::uint8_t k = 0; k < batches; ++k) {
      batch b;
      b.epoch = epoch;
      b.first_sequence = take<std::int32_t>(in);
      b.last_sequence = take<std::int32_t>(in);
      b.base_offset = take<std::int64_t>(in);
      b.timestamp_ms = take<std::int64_t>(in);
      if (b.first_sequence < 0 || b.last_sequence < 0) return std::nullopt;
      p.applied.push_back(b);
    }
  }
  return out;
}

}  // namespace tidegate::core
