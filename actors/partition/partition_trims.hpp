#pragma once

#include "actors/partition/mapping_reports.hpp"
#include "actors/partition/older_files.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/partition_merges.hpp"
#include "actors/partition/partition_retirement.hpp"
#include "actors/partition/parts_owner.hpp"
#include "smq/segments/trim_log.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::actors {

/// Raising the log start: note → write [partition entry, deletes] → apply → answer → write the deletes that are left.
class partition_trims {
 public:
  partition_trims(partition_log& log, older_files& older, const partition_merges& merges, mapping_reports& mappings,
                  partition_retirement& retirement, parts_owner& owner)
    : log_(log), older_(older), merges_(merges), mappings_(mappings), retirement_(retirement), owner_(owner) {}

  void trim(const msg::trim& m);
  /// One unit at a time, and never while a merge works on files. Also erases what a trim before this load left over.
  void start();
  void older_files_listed(bool is_ok);

  /// Of the unit that is sent: the next life of the log shows what became of it.
  void give_up() { trim_.reset(); }
  /// Answers whoever waits.
  void fail(error_code error);

  /// A unit is sent: nobody else writes the partition entry.
  [[nodiscard]] bool is_undecided() const { return trim_.has_value(); }
  /// … and the log start is not decided: another partition entry, written now, would take it back.
  [[nodiscard]] bool raises_log_start() const { return trim_ && log_.state.log_start < trim_->to; }
  /// A unit is sent, or somebody waits for one.
  [[nodiscard]] bool is_trimming() const { return trim_ || !trims_.empty(); }

 private:
  /// From the first unit to the one with the last deletes.
  struct progress {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::size_t segments = 0;
    std::uint64_t bytes = 0;
    std::string reason;
  };

  void write();
  void written(const smq::trim_plan& plan, const smq::write_answer& answer);
  void answer_trims();
  void end();

  partition_log& log_;
  older_files& older_;
  const partition_merges& merges_;
  mapping_reports& mappings_;
  partition_retirement& retirement_;
  parts_owner& owner_;
  std::optional<progress> trim_;
  std::vector<msg::trim> trims_;  // not answered yet
};

}  // namespace tidegate::actors
