#include "actors/core/producer_state.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace tidegate::core {

namespace {

constexpr std::int32_t max_sequence = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t snapshot_head_size = 1 + 4;
constexpr std::size_t snapshot_producer_size = 8 + 2 + 1;
constexpr std::size_t snapshot_batch_size = 4 + 4 + 8 + 8;

/// Sequence numbers wrap from 2^31-1 to 0.
std::int32_t advance(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>((std::int64_t{sequence} + by) & max_sequence);
}

/// By less than half of the circle.
bool is_before(std::int32_t one, std::int32_t other) {
  const auto distance = (std::int64_t{other} - one) & max_sequence;
  return distance > 0 && distance < max_sequence / 2;
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
  const auto& [applied, undecided, first] = found->second;
  const auto* newest = !undecided.empty() ? &undecided.back() : !applied.empty() ? &applied.back() : nullptr;
  if (!newest) return decide_first(claim, *first);
  const auto& last = *newest;
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

produce_verdict producer_state::decide_first(const producer_claim& claim, const batch& first) {
  if (claim.producer_epoch < first.epoch) return {produce_decision::refuse, error_code::invalid_producer_epoch, -1, -1};
  // One before that was not given up, or nobody has said so yet.
  const bool is_first = claim.producer_epoch > first.epoch
                          ? claim.base_sequence == 0
                          : !is_before(first.first_sequence, claim.base_sequence);
  if (is_first) return {};
  return {produce_decision::refuse, error_code::out_of_order_sequence_number, -1, -1};
}

void producer_state::plan(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms) {
  if (!claim.is_idempotent()) return;
  producers_[claim.producer_id].undecided.push_back(batch_of(claim, base_offset, timestamp_ms));
}

void producer_state::apply(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms) {
  if (!claim.is_idempotent()) return;
  auto& [applied, undecided, first] = producers_[claim.producer_id];
  first.reset();
  if (!undecided.empty() && undecided.front().base_offset == base_offset) undecided.erase(undecided.begin());
  if (!applied.empty() && applied.back().epoch != claim.producer_epoch) applied.clear();
  if (applied.size() == batches_kept) applied.erase(applied.begin());
  applied.push_back(batch_of(claim, base_offset, timestamp_ms));
}

void producer_state::abandon_undecided() {
  for (auto& [id, p] : producers_) {
    if (p.applied.empty() && !p.undecided.empty()) p.first = p.undecided.front();
    p.undecided.clear();
  }
}

void producer_state::give_up(const producer_claim& claim, std::int64_t timestamp_ms) {
  if (!claim.is_idempotent()) return;
  const auto given_up = batch_of(claim, -1, timestamp_ms);
  const auto [known, is_new] = producers_.try_emplace(claim.producer_id, producer{{}, {}, given_up});
  auto& first = known->second.first;
  if (is_new || !first) return;
  const bool is_earlier = given_up.epoch == first->epoch && is_before(given_up.first_sequence, first->first_sequence);
  if (given_up.epoch > first->epoch || is_earlier) first = given_up;
}

void producer_state::expect_first_batches_of(const producer_state& before) {
  for (const auto& [id, p] : before.producers_) {
    if (p.first) producers_.try_emplace(id, producer{{}, {}, p.first});
  }
}

void producer_state::expire(std::int64_t now_ms, std::int64_t max_idle_ms) {
  std::erase_if(producers_, [&](const auto& entry) {
    const auto& p = entry.second;
    if (!p.undecided.empty()) return false;
    const auto& last = p.applied.empty() ? *p.first : p.applied.back();
    return last.timestamp_ms < now_ms - max_idle_ms;
  });
}

std::vector<producer_state::kept> producer_state::keep_what_fits(std::size_t max_bytes) const {
  std::vector<kept> all;
  all.reserve(producers_.size());
  std::size_t bytes = snapshot_head_size;
  for (const auto& [id, p] : producers_) {
    if (p.applied.empty()) continue;
    all.push_back({id, &p, p.applied.size()});
    bytes += snapshot_producer_size + p.applied.size() * snapshot_batch_size;
  }
  if (bytes <= max_bytes) return all;
  std::ranges::sort(all, std::greater{}, [](const kept& one) { return one.of->applied.back().base_offset; });
  auto left = max_bytes - snapshot_head_size;
  std::size_t fitting = 0;
  for (; fitting < all.size() && left >= snapshot_producer_size + snapshot_batch_size; ++fitting) {
    auto& batches = all[fitting].batches;
    left -= snapshot_producer_size;
    batches = std::min(batches, left / snapshot_batch_size);
    left -= batches * snapshot_batch_size;
  }
  all.resize(fitting);
  return all;
}

bool producer_state::fits(std::size_t max_bytes, std::int64_t since_ms) const {
  const auto is_young = [since_ms](const producer& p) {
    return !p.applied.empty() && p.applied.back().timestamp_ms >= since_ms;
  };
  const auto young = std::ranges::count_if(producers_, [&](const auto& entry) { return is_young(entry.second); });
  const auto whole = std::ranges::count_if(keep_what_fits(max_bytes), [&](const kept& one) {
    return is_young(*one.of) && one.batches == one.of->applied.size();
  });
  return whole == young;
}

byte_buffer producer_state::encode(std::size_t max_bytes) const {
  const auto fitting = keep_what_fits(max_bytes);
  byte_buffer out;
  out.reserve(snapshot_head_size + fitting.size() * (snapshot_producer_size + batches_kept * snapshot_batch_size));
  put(out, snapshot_version);
  put(out, static_cast<std::uint32_t>(fitting.size()));
  for (const auto& one : fitting) {
    const auto& batches = one.of->applied;
    put(out, one.id);
    put(out, batches.back().epoch);
    put(out, static_cast<std::uint8_t>(one.batches));
    for (auto b = batches.end() - static_cast<std::ptrdiff_t>(one.batches); b != batches.end(); ++b) {
      put(out, b->first_sequence);
      put(out, b->last_sequence);
      put(out, b->base_offset);
      put(out, b->timestamp_ms);
    }
  }
  return out;
}

std::optional<producer_state> producer_state::decode(byte_view in) {
  if (in.size() < snapshot_head_size || take<std::uint8_t>(in) != snapshot_version) return std::nullopt;
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
