#include "actors/cli/soak_log.hpp"

#include <algorithm>
#include <iterator>

namespace tidegate::cli {

namespace {

std::string at(std::int64_t number, std::int64_t offset) {
  return "record " + std::to_string(number) + (offset < 0 ? "" : " at offset " + std::to_string(offset));
}

std::string promise(const std::pair<const std::int64_t, std::int64_t>& one) {
  return at(one.first, one.second) + ", which was acknowledged";
}

}  // namespace

std::int64_t partition_log::take_number() {
  const auto number = next_;
  next_ += step_;
  return number;
}

void partition_log::acknowledged(std::int64_t number, std::int64_t offset) { promised_[number] = offset; }

std::optional<mismatch> partition_log::found(std::int64_t offset, std::int64_t number) {
  const auto got = at(number, offset);
  if (offset != end_) return mismatch{"offset " + std::to_string(end_), got};
  if (!promised_.empty()) {
    const auto& next = *promised_.begin();
    if (next.first < number || (next.first == number && next.second >= 0 && next.second != offset))
      return mismatch{promise(next), got};
  }
  if (number <= last_) return mismatch{"a record above " + std::to_string(last_), got};
  if (number >= next_ || (next_ - number) % step_ != 0) return mismatch{"a record that was written here", got};
  promised_.erase(number);
  const bool continues = !stretches_.empty() && number == last_ + step_;
  if (!continues) stretches_.push_back({offset, number});
  last_ = number;
  ++end_;
  return std::nullopt;
}

std::optional<mismatch> partition_log::end_found(std::int64_t offset) const {
  const auto got = "the end at offset " + std::to_string(offset);
  if (!promised_.empty()) return mismatch{promise(*promised_.begin()), got};
  if (offset != end_) return mismatch{"the end at offset " + std::to_string(end_), got};
  return std::nullopt;
}

std::int64_t partition_log::number_at(std::int64_t offset) const {
  const auto behind = std::ranges::upper_bound(stretches_, offset, {}, &stretch::offset);
  const auto& in = *std::prev(behind);
  return in.number + (offset - in.offset) * step_;
}

void partition_log::forget_below(std::int64_t offset) {
  while (stretches_.size() > 1 && stretches_[1].offset <= offset) stretches_.pop_front();
}

std::int64_t choose_position(std::mt19937_64& random, std::int64_t position, std::int64_t end,
                             const std::vector<std::int64_t>& batch_ends) {
  const auto any = std::uniform_int_distribution<std::int64_t>(position, end)(random);
  switch (std::uniform_int_distribution<int>(0, 9)(random)) {
    case 0:
    case 1: return end;
    case 2:
    case 3: {
      const auto at_batch = std::ranges::lower_bound(batch_ends, any);
      return at_batch == batch_ends.end() ? end : std::min(*at_batch, end);
    }
    default: return any;
  }
}

std::mt19937_64 random_of(std::uint64_t seed, std::uint64_t cycle, std::uint64_t subject) {
  std::seed_seq words{seed, seed >> 32U, cycle, cycle >> 32U, subject};
  return std::mt19937_64(words);
}

}  // namespace tidegate::cli
