#pragma once

#include "actors/store/store_access.hpp"
#include "smq/positions/native_groups.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tidegate::actors {

/// The groups that only native subscribers' positions know, as ListGroups gets them. A scan looks at every partition,
/// so one runs at a time and its result serves for `max_age` from its start; what is deleted here is left out at once.
/// Thread: its owner's; `post` brings the store's answers there.
class native_groups {
 public:
  using poster = std::function<void(std::function<void()>)>;
  using known_groups = std::function<bool(const std::string&)>;
  using completion = std::function<void(const smq::result<smq::group_scan>&)>;

  native_groups(std::shared_ptr<const store_access> store, poster post)
    : store_(std::move(store)), post_(std::move(post)) {}

  /// `is_known`: groups that have an entry; on any thread, when this call starts a scan.
  void find(known_groups is_known, completion done);

  /// The group was deleted: what was found before, or is being looked for now, does not count.
  void forget(const std::string& group_id);

  static constexpr std::chrono::seconds max_age{10};

 private:
  void start(known_groups is_known);
  void finish(smq::result<smq::group_scan> found);

  std::shared_ptr<const store_access> store_;
  poster post_;
  std::vector<completion> waiting_;   // not empty: a scan runs
  std::set<std::string> forgotten_;  // since that scan began
  std::chrono::steady_clock::time_point begun_;
  std::optional<smq::group_scan> last_;
};

}  // namespace tidegate::actors
