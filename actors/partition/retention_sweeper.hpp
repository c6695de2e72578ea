#pragma once

#include "actors/core/clock_steps.hpp"
#include "actors/core/retention.hpp"
#include "actors/interfaces/registry_directory.hpp"
#include "actors/store/store_access.hpp"
#include "messages/actor/resume.hpp"
#include "messages/common/live.hpp"
#include "smq/positions/lowest_positions.hpp"
#include "smq/segments/log.hpp"

#include <caf/actor_clock.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::actors {

struct retention_settings {
  /// log.retention.check.interval.ms
  live<std::chrono::milliseconds> check_interval = std::chrono::milliseconds{300'000};
  std::chrono::milliseconds first_check{30'000};      // after the start, as Kafka; at most check_interval
  std::chrono::milliseconds pause{5};                 // between two partitions, or some pages of positions
  std::chrono::milliseconds clock_patience{3'600'000};  // so long is a clock that was put forward not believed
  // Of topics that do not say:
  live<std::int64_t> retention_ms = -1;               // log.retention.ms
  live<std::int64_t> retention_bytes = -1;            // log.retention.bytes
  live<bool> protects_groups = true;                  // retention.protect.groups
  live<std::int64_t> protect_max_ms = 7'776'000'000;  // retention.protect.max.ms
};

/// The rules of a topic, as its configs and those of the node say now.
core::retention_rules retention_rules_of(const smq::topic_info& topic, const retention_settings& defaults);

/// RETENTION SWEEPER: one per node. Looks at the partitions of topics with a limit, one after the other, by their entries
/// in the store; only one that needs a trim gets a message, and with it an offset actor. What cannot be read is kept.
using retention_sweeper_actor = caf::typed_actor<caf::reacts_to<msg::resume>>;

class retention_sweeper_state {
 public:
  static inline const char* name = "retention-sweeper";

  retention_sweeper_state(retention_sweeper_actor::pointer self, std::shared_ptr<const store_access> store,
                          std::shared_ptr<registry_directory> registries, retention_settings settings);

  retention_sweeper_actor::behavior_type make_behavior();

 private:
  /// A partition that is looked at.
  struct visit {
    topic_ptr topic;
    std::int32_t partition = 0;
    core::retention_rules rules;
    std::size_t entry_hash = 0;
  };
  /// Nothing to do for a partition before `until`, as long as its rules are these and, where its size counts, it has
  /// not begun a new file: its partition entry is written with each. A steady time: a wall clock that was ahead for a
  /// moment must not let everybody rest until it gets there again.
  struct rest {
    core::retention_rules rules;
    std::size_t entry_hash = 0;
    caf::actor_clock::time_point until;
  };

  void wait();
  void sweep();
  void go_on();
  bool collect();
  void compare_entries();
  void look(const visit& v);
  void loaded(const visit& v, const smq::log_state& log);
  void note_damage(const visit& v, const smq::lowest_positions& lowest);
  void decided(const visit& v, const core::retention_verdict& verdict, std::int64_t now_ms);
  std::int64_t believed_ms();
  void skip(const visit& v, const std::string& reason);
  void next_one();
  void end_sweep();
  [[nodiscard]] smq::walk_pace pace() const;
  [[nodiscard]] std::function<void(std::function<void()>)> poster() const;

  retention_sweeper_actor::pointer self_;
  std::shared_ptr<const store_access> store_;
  std::shared_ptr<registry_directory> registries_;
  retention_settings settings_;
  caf::actor_clock::time_point rested_since_;  // the start, or the end of the last sweep
  bool has_swept_ = false;
  core::clock_steps steps_;
  bool doubts_clock_ = false;
  std::pair<std::string, std::int32_t> at_;  // the next one: topic and partition
  std::vector<visit> grown_;                 // whose partition entries are to be read
  std::deque<visit> due_;                    // to be looked at
  std::map<std::pair<uuid, std::int32_t>, rest> rests_;
  std::map<std::pair<uuid, std::int32_t>, std::string> damage_;  // that was logged: the first damaged position
  std::size_t skipped_ = 0;  // in this sweep
  std::string why_skipped_;
};

retention_sweeper_actor spawn_retention_sweeper(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                                std::shared_ptr<registry_directory> registries,
                                                retention_settings settings);

}  // namespace tidegate::actors
