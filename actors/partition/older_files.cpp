#include "actors/partition/older_files.hpp"

#include "actors/metrics/counters.hpp"

#include <utility>

namespace tidegate::actors {

void older_files::list(const smq::segment_range& range, parked_request request) {
  waiting_.add(std::move(request));
  if (std::exchange(is_listing_, true)) return;  // whoever needs more than that asks again
  smq::list_segments(log_.store->engine.entries, log_.place, range, log_.store->deadline(),
                     [this, range, post = log_.poster(),
                      busy = log_.reads](const smq::result<smq::listed_segments>& found) {
                       post([this, range, found, busy] { listed(range, found); });
                     });
}

void older_files::listed(const smq::segment_range& range, const smq::result<smq::listed_segments>& found) {
  is_listing_ = false;
  const auto what = found.is_ok() ? smq::add_listed(log_.state, range, found.value) : found.what;
  auto waiting = waiting_.take();
  if (what.is_damaged) counted.damaged_partitions.add();
  if (!what.is_ok())
    log_.say(log_level::error, "older segment files cannot be listed", log_field{"reason", what.reason});
  for (auto& request : waiting) {
    if (what.is_ok())
      request.run();
    else
      request.refuse();
  }
  owner_.older_files_listed(what.is_ok());
}

}  // namespace tidegate::actors
