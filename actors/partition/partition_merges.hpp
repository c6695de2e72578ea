#pragma once

#include "actors/partition/doubtful_uploads.hpp"
#include "actors/partition/merge_turns.hpp"
#include "actors/partition/older_files.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/partition_retirement.hpp"
#include "actors/partition/parts_owner.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tidegate::actors {

class partition_trims;

/// Merging closed segment files: plan → copy → write the unit → apply → plan again. Started by a roll, as is what a
/// crash left of one, and when nobody uses the partition any more.
class partition_merges {
 public:
  partition_merges(partition_log& log, doubtful_uploads& doubts, older_files& older, const partition_trims& trims,
                   partition_retirement& retirement, parts_owner& owner)
    : log_(log), doubts_(doubts), older_(older), trims_(trims), retirement_(retirement), owner_(owner) {}

  /// Merges what is worth it, run after run, unless that has begun, or the log is not served, or the node stops.
  void start();
  /// Also of files whose merge failed: once more.
  void start_last();

  void log_loaded() { looked_back_ = false; }
  /// Files that a merged one stands for, left behind by a crash. They are remembered until they are gone, and nothing
  /// is merged before: the next merged file would not name them, and a later load would take them for damage.
  void erase_leftovers();

  /// Forgets the one that is on its way, whatever became of it: others may work on the files.
  void end();

  /// One has begun, if only to wait for its turn, or what is left of one is erased.
  [[nodiscard]] bool is_merging() const { return is_merging_; }
  /// It copies or writes.
  [[nodiscard]] bool has_turn() const { return turn_ != nullptr; }
  /// Its unit is sent: the chunks of its sources may be gone.
  [[nodiscard]] bool is_undecided() const { return is_undecided_; }

 private:
  void look_back();
  [[nodiscard]] std::vector<smq::segment> next_merge() const;
  void merge_now(merge_turns::turn turn);
  void write_merged(const std::vector<smq::segment>& sources, const smq::segment& merged);
  void merge_written(const std::vector<smq::segment>& sources, const smq::segment& merged,
                     const smq::write_answer& answer);
  void leave_alone(const std::vector<smq::segment>& files);
  void merge_failed(const std::vector<smq::segment>& sources, const std::string& reason);

  partition_log& log_;
  doubtful_uploads& doubts_;
  older_files& older_;
  const partition_trims& trims_;
  partition_retirement& retirement_;
  parts_owner& owner_;
  bool is_merging_ = false;
  merge_turns::turn turn_;  // held while it copies and writes
  bool is_undecided_ = false;
  bool looked_back_ = false;           // for files to merge, below those that the load listed
  std::set<std::int64_t> not_merged_;  // base offsets of files whose merge failed
};

}  // namespace tidegate::actors
