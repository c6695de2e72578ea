// A long log is loaded with its newest files; the list of older ones comes when somebody needs it.
#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_state.hpp"

#include <utility>

namespace tidegate::actors {

void partition_state::list_older(const smq::segment_range& range, parked_request request) {
  after_listing_.add(std::move(request));
  if (std::exchange(listing_, true)) return;  // whoever needs more than that asks again
  smq::list_segments(log_.store->engine.entries, log_.place, range, log_.store->deadline(),
                     [this, range, post = log_.poster(),
                      busy = log_.reads](const smq::result<smq::listed_segments>& found) {
                       post([this, range, found, busy] { listed(range, found); });
                     });
}

void partition_state::listed(const smq::segment_range& range, const smq::result<smq::listed_segments>& found) {
  listing_ = false;
  const auto what = found.is_ok() ? smq::add_listed(log_.state, range, found.value) : found.what;
  auto waiting = after_listing_.take();
  if (what.is_damaged) counted.damaged_partitions.add();
  if (!what.is_ok())
    log_.say(log_level::error, "older segment files cannot be listed", log_field{"reason", what.reason});
  for (auto& request : waiting) {
    if (what.is_ok())
      request.run();
    else
      request.refuse();
  }
  // A trim may have found no room among those that wait: it is answered all the same.
  if (trims_.empty()) return;
  if (!what.is_ok()) return fail_trims(error_code::kafka_storage_error);
  start_trim();
}

}  // namespace tidegate::actors
