#pragma once

#include "actors/partition/parked_requests.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/parts_owner.hpp"
#include "smq/segments/list_segments.hpp"

#include <optional>
#include <vector>

namespace tidegate::actors {

/// A long log is loaded with its newest files; the list of older ones comes when somebody needs it.
class older_files {
 public:
  older_files(partition_log& log, parts_owner& owner) : log_(log), owner_(owner) {}

  /// `request` runs when `range` is listed, or is refused. One range at a time: whoever needs more than the one that
  /// is on its way asks again.
  void list(const smq::segment_range& range, parked_request request);

  /// True: older files are listed first, and `f` runs after that.
  template <class Message, class Part>
  bool lists_first(const std::optional<smq::segment_range>& missing, const Message& m, Part& part,
                   void (Part::*f)(const Message&)) {
    if (!missing) return false;
    list(*missing, for_later(m, part, f));
    return true;
  }

  /// For another life of the log, which has a list of its own.
  std::vector<parked_request> take_waiting() { return waiting_.take(); }
  void give_up() { is_listing_ = false; }

 private:
  void listed(const smq::segment_range& range, const smq::result<smq::listed_segments>& found);

  partition_log& log_;
  parts_owner& owner_;
  bool is_listing_ = false;
  parked_requests waiting_{log_.settings.max_parked};
};

}  // namespace tidegate::actors
