#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

/// What the soak knows about the records of a partition. Pure: no clock, no client.
namespace tidegate::cli {

/// A difference between what must be there and what was found.
struct mismatch {
  std::string wanted;
  std::string got;
};

/// The records of one partition: their numbers by offset, and which of them were acknowledged. The numbers of partition
/// p of n are p, p + n, p + 2n …, so a record of another partition is seen too.
///
/// Acknowledgements are promises; what is true comes from one reader of everything (`found`, `end_found`), who must
/// find each acknowledged record at its offset, every offset, and numbers that only rise. Records whose acknowledgement
/// never came may be there or not.
class partition_log {
 public:
  /// `index` of `partitions`.
  partition_log(std::int32_t index, std::int32_t partitions) : next_(index), step_(partitions) {}

  /// The number of the next record that is written.
  std::int64_t take_number();

  /// `offset`: −1 when the broker confirmed a repeated batch without knowing where the first one is.
  void acknowledged(std::int64_t number, std::int64_t offset);

  /// The reader of everything found `number` at `offset`, next behind what it found before.
  std::optional<mismatch> found(std::int64_t offset, std::int64_t number);

  /// It found that the log ends at `offset`: nothing that was acknowledged may be missing.
  std::optional<mismatch> end_found(std::int64_t offset) const;

  /// The offset behind the last record that was found.
  [[nodiscard]] std::int64_t end() const { return end_; }

  /// What a consumer must get at `offset`: at least what was not forgotten, below `end()`.
  [[nodiscard]] std::int64_t number_at(std::int64_t offset) const;

  /// Drops what is known only about records below `offset`.
  void forget_below(std::int64_t offset);

  /// Stretches of records that are kept; one for as long as every record that was written was stored.
  [[nodiscard]] std::size_t kept() const { return stretches_.size(); }

 private:
  /// Records whose numbers rise by `step_` with each offset, up to the next stretch.
  struct stretch {
    std::int64_t offset;
    std::int64_t number;
  };

  std::int64_t next_;
  std::int64_t step_;
  std::int64_t end_ = 0;
  std::int64_t last_ = -1;                         // the highest number that was found
  std::map<std::int64_t, std::int64_t> promised_;  // number → offset, acknowledged and not found yet
  std::deque<stretch> stretches_;
};

/// Where a group that read everything commits: now and then the end or the end of a batch, mostly in the midst of what
/// it read. At least `position`, at most `end`. `batch_ends`: known ends of batches.
std::int64_t choose_position(std::mt19937_64& random, std::int64_t position, std::int64_t end,
                             const std::vector<std::int64_t>& batch_ends);

/// The same numbers on every machine for the same seed, cycle and subject.
std::mt19937_64 random_of(std::uint64_t seed, std::uint64_t cycle, std::uint64_t subject);

}  // namespace tidegate::cli
