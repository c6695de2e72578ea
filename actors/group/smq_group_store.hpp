#pragma once

#include "actors/group/group_store.hpp"
#include "actors/group/position_lookups.hpp"
#include "actors/store/store_access.hpp"
#include "messages/actor/partition.hpp"
#include "smq/positions/positions.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

namespace tidegate::actors {

/// Asks the offset actor where a native position goes on. Thread: any.
using native_translation = std::function<void(const msg::find_by_ts&)>;

using fetch_done = std::function<void(std::vector<msg::offset_fetch_item>)>;

/// Groups and positions in the store: group entries and SMQ's own position files (design §7). Thread: any.
class smq_group_store : public group_store, public std::enable_shared_from_this<smq_group_store> {
 public:
  smq_group_store(std::shared_ptr<const store_access> store, native_translation translate)
    : store_(std::move(store)), translate_(std::move(translate)),
      lookups_(std::make_shared<position_lookups>(store_)) {}

  std::uint64_t open(const std::string& group_id, std::function<void(loaded_group)> done) override;
  void write(const std::string& group_id, group_write what, std::function<void(group_write_answer)> done) override;
  void fetch(const std::string& group_id, std::vector<msg::group_partition> partitions, fetch_done done) override;
  void fetch_all(const std::string& group_id, std::vector<group_topic> topics,
                 std::function<void(msg::offset_fetch_result)> done) override;
  void find_positions(const std::string& group_id, std::function<void(found_positions)> done) override;
  [[nodiscard]] topic_liveness liveness_of(const uuid& topic_id, const std::string& topic) const override;
  void close(const std::string& group_id, std::uint64_t lease) override;

  /// Lets go of `held` when every write that was begun before this call is decided, whoever began it. When no snapshot
  /// has a topic any more, nothing of it is written after that.
  void hold_until_decided(std::shared_ptr<void> held);

 private:
  /// Nothing: the topic is not live any more.
  [[nodiscard]] std::optional<smq::position_place> place_of(const msg::group_partition& where) const;
  /// What is written, or why nothing is.
  struct write_plan {
    error_code error = error_code::none;
    std::vector<smq::mutation> mutations;
    std::vector<left_out_put> left_out;
  };
  [[nodiscard]] write_plan plan_write(const std::string& group_id, group_write what);
  [[nodiscard]] bool plan_erasures(const std::string& group_id, const group_write& what,
                                   std::vector<smq::mutation>& erasures) const;
  [[nodiscard]] bool plan_puts(const std::string& group_id, group_write& what, std::vector<smq::mutation>& puts,
                               std::vector<left_out_put>& left_out);
  [[nodiscard]] static msg::offset_fetch_item item_of(const msg::group_partition& where,
                                                      const smq::position_answer& found);
  void translate_native(const msg::group_partition& where, const smq::position_answer& found,
                        const reply<msg::offset_fetch_item>& answer) const;
  void answer_fetch(std::vector<msg::offset_fetch_item> items, const std::vector<std::size_t>& places,
                    const std::vector<smq::position_answer>& found, const fetch_done& done) const;

  struct opening {
    std::uint64_t lease = 0;
    std::shared_ptr<smq::session> session;  // none while an earlier one is settled
  };
  void opened(const std::string& group_id, std::uint64_t lease, std::shared_ptr<smq::session> session);

  /// Writes on their way share one; the last of them to be decided lets go of what was put in, the next generation
  /// included.
  struct write_generation {
    std::vector<std::shared_ptr<void>> held;
  };

  std::shared_ptr<const store_access> store_;
  native_translation translate_;
  std::shared_ptr<position_lookups> lookups_;
  std::atomic<std::uint64_t> seq_{0};
  std::mutex mutex_;  // guards what follows
  std::uint64_t last_lease_ = 0;
  std::map<std::string, opening> openings_;
  std::shared_ptr<write_generation> writes_ = std::make_shared<write_generation>();
};

}  // namespace tidegate::actors
