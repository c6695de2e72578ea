#pragma once

#include "actors/group/group_store.hpp"
#include "actors/store/store_access.hpp"
#include "smq/positions/native_groups.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tidegate::actors {

/// Where groups have positions, wherever that is. Each costs a look-up per partition of the node, and one request may
/// name very many groups: some are looked up at once, the others wait, and when many wait, one scan that lists each
/// partition's positions once answers for all of them. Thread: any.
class position_lookups : public std::enable_shared_from_this<position_lookups> {
 public:
  using completion = std::function<void(found_positions)>;

  explicit position_lookups(std::shared_ptr<const store_access> store, smq::scan_limits limits = {})
    : store_(std::move(store)), limits_(limits) {}

  /// Nothing is found where nobody but this node writes positions: it lists what it writes in group entries. Errors:
  /// coordinator_not_available (the store could not say, or too many wait).
  void find(const std::string& group_id, completion done);

  static constexpr std::size_t most_at_once = 4;
  static constexpr std::size_t most_waiting = 10'000;
  static constexpr std::size_t worth_a_scan = 16;  // waiting groups

 private:
  class lane;

  struct wanted {
    std::string group_id;
    completion done;
    bool by_itself = false;  // a scan did not come to its end
  };

  /// What a lane does next. Empty: nothing, and the lane ends.
  std::vector<wanted> take();
  void put_back(std::vector<wanted> unanswered);

  const std::shared_ptr<const store_access> store_;
  const smq::scan_limits limits_;
  std::mutex mutex_;  // guards what follows
  std::size_t lanes_ = 0;
  std::deque<wanted> waiting_;
};

}  // namespace tidegate::actors
