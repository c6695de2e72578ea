#pragma once

#include "smq/ports.hpp"
#include "smq/segments/partition_entry.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

/// What a tree of entries holds, and which of them do not say what they should. Values only: no port, no clock.
namespace tidegate::smq {

/// Where something is wrong, and what.
struct problem_report {
  std::string place;
  std::string what;
};

class census {
 public:
  struct totals {
    std::uint64_t topics = 0;  // that live
    std::uint64_t partitions = 0;
    std::uint64_t segments = 0;
    std::uint64_t segment_bytes = 0;  // of their chunks
    std::uint64_t groups = 0;
    std::uint64_t positions = 0;
    std::uint64_t others = 0;  // topic entries, fences, producer ids and the like
  };

  /// Every entry once, in any order. `report` gets what is wrong with it.
  void add(const entry& e, const std::function<void(problem_report)>& report);

  /// After the last one: what is missing between segments.
  void finish(const std::function<void(problem_report)>& report);

  [[nodiscard]] const totals& counts() const { return counts_; }

 private:
  struct range {
    std::int64_t base = 0;
    std::int64_t next = 0;
  };

  struct partition {
    std::optional<partition_entry> entry;
    std::vector<range> segments;
  };

  bool is_good_segment(const entry& e, const std::string& directory);

  totals counts_;
  std::map<std::string, partition> partitions_;  // by directory
};

}  // namespace tidegate::smq
