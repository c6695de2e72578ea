#pragma once

#include "actors/group_store.hpp"
#include "actors/store_access.hpp"
#include "smq/positions/positions.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

namespace tidegate::actors {

/// Groups and positions in the store: group entries and SMQ's own position files (design §7). Thread: any.
class smq_group_store : public group_store, public std::enable_shared_from_this<smq_group_store> {
 public:
  explicit smq_group_store(std::shared_ptr<const store_access> store) : store_(std::move(store)) {}

  void open(const std::string& group_id, std::function<void(loaded_group)> done) override;
  void write(const std::string& group_id, group_write what, std::function<void(group_write_answer)> done) override;
  void fetch(const std::string& group_id, std::vector<msg::group_partition> partitions,
             std::function<void(std::vector<msg::offset_fetch_item>)> done) override;
  void fetch_all(const std::string& group_id, std::vector<group_topic> topics,
                 std::function<void(msg::offset_fetch_result)> done) override;
  void close(const std::string& group_id) override;

 private:
  /// Nothing: the topic is not live any more.
  [[nodiscard]] std::optional<smq::position_place> place_of(const msg::group_partition& where) const;
  [[nodiscard]] std::optional<std::vector<smq::mutation>> mutations_of(const std::string& group_id,
                                                                       const group_write& what);
  [[nodiscard]] msg::offset_fetch_item item_of(const msg::group_partition& where,
                                               const smq::position_answer& found) const;

  std::shared_ptr<const store_access> store_;
  std::atomic<std::uint64_t> seq_{0};
  std::mutex mutex_;  // guards sessions_
  std::map<std::string, std::shared_ptr<smq::session>> sessions_;
};

}  // namespace tidegate::actors
