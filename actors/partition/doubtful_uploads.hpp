#pragma once

#include "actors/partition/partition_log.hpp"

#include <vector>

namespace tidegate::actors {

/// Chunks of appends and merges whose write was given up: the next load shows whether a file names them.
class doubtful_uploads {
 public:
  explicit doubtful_uploads(partition_log& log) : log_(log) {}

  /// What becomes of uploads whose entry was or was not written. A node that lost its fence deletes nothing.
  void settle(const std::vector<smq::chunk_id>& chunks, const smq::write_answer& answer);

  void add(const smq::chunk_id& chunk) { chunks_.push_back(chunk); }

  /// Some are a merge's, whose file may be any: the next load must list all of them.
  void set_of_merge(bool is_of_merge) { is_of_merge_ = is_of_merge; }
  [[nodiscard]] bool is_of_merge() const { return is_of_merge_; }

  /// A write that was given up can never be applied any more, so what no file names now is nobody's.
  void log_loaded();
  /// Not all files could be listed, but perhaps the newest: then the chunks of the merge stay, named or not.
  void load_failed();

 private:
  partition_log& log_;
  std::vector<smq::chunk_id> chunks_;
  bool is_of_merge_ = false;
};

}  // namespace tidegate::actors
