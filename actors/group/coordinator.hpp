#pragma once

#include "actors/core/group/group.hpp"
#include "actors/group/group_budget.hpp"
#include "actors/group/group_store.hpp"
#include "actors/interfaces/message_types.hpp"
#include "actors/metrics/counters.hpp"
#include "actors/metrics/lag.hpp"
#include "messages/actor/forget_topic.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

/// GROUP COORDINATOR: owns one classic consumer group.
namespace tidegate::actors {

/// INTERNAL: a deadline of the group, or the idle check, may be due.
struct coordinator_tick {
  std::int64_t due_ms = 0;
  bool is_idle_check = false;
  std::int64_t fires_ms = 0;  // when it was to come; a process that was paused is late
};

/// INTERNAL: an answer of the store, brought to the coordinator's own thread.
struct coordinator_resume {
  std::shared_ptr<std::function<void()>> run;
};

}  // namespace tidegate::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tidegate::actors::coordinator_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tidegate::actors::coordinator_resume)

namespace tidegate::actors {

/// Requests carry their own reply; it is answered exactly once, also when the coordinator dies.
using coordinator_actor = caf::typed_actor<
  caf::reacts_to<msg::join_group>, caf::reacts_to<msg::sync_group>, caf::reacts_to<msg::heartbeat>,
  caf::reacts_to<msg::leave_group>, caf::reacts_to<msg::offset_commit>, caf::reacts_to<msg::offset_fetch>,
  caf::reacts_to<msg::describe_group>, caf::reacts_to<msg::list_group>, caf::reacts_to<msg::delete_group>,
  caf::reacts_to<msg::delete_offsets>, caf::reacts_to<msg::forget_topic>, caf::reacts_to<msg::report_lag>,
  // INTERNAL
  caf::reacts_to<coordinator_tick>, caf::reacts_to<coordinator_resume>>;

struct coordinator_options {
  core::group_options rules;
  std::size_t max_parked = 1'000;  // requests that wait for the entry, or for a write (two per member, if that is more)
  std::chrono::milliseconds idle_after{600'000};  // without members and requests for so long, the actor goes
  std::chrono::milliseconds absent_after{10'000};  // the same for one that was only looked at, or does not exist
};

/// What a coordinator is made of. The functions are called on the actor's thread.
struct coordinator_context {
  std::string group_id;
  std::shared_ptr<group_store> store;
  std::function<std::string()> new_uuid;       // text form, for member ids
  std::function<std::int64_t()> wall_ms;       // ms since 1970, for what is stored
  coordinator_options options;
  /// A client of this host is about to create the group: nothing when it may, else how long it must wait. Null: it may.
  std::function<std::optional<std::chrono::milliseconds>(const std::string& host)> create{};
  /// The group's rules as they are now: they count from the next input on. Null: `options.rules`, for ever.
  std::function<core::group_options()> current_rules{};
  /// Of all groups of the node. Null: a group may hold what its own rules allow.
  std::shared_ptr<group_budget> node_bytes{};
};

/// One position in doubt is an error of the whole group: clients ask again after that, and give up on a partition's.
[[nodiscard]] msg::offset_fetch_result without_doubt(msg::offset_fetch_result found);

class coordinator_state {
 public:
  static inline const char* name = "coordinator";

  coordinator_state(coordinator_actor::pointer self, coordinator_context context);
  coordinator_state(const coordinator_state&) = delete;
  coordinator_state& operator=(const coordinator_state&) = delete;
  ~coordinator_state();

  coordinator_actor::behavior_type make_behavior();

 private:
  enum class stage : std::uint8_t { closed, loading, ready, gone };
  enum class letting_go : std::uint8_t { not_yet, looks, tried };  // since its last write
  using waiter = std::variant<reply<msg::join_group_result>, reply<msg::sync_group_result>,
                              reply<msg::leave_group_result>, reply<error_code>>;
  using position_key = std::tuple<uuid, std::int32_t>;
  struct known_position {
    std::int64_t offset = -1;
    std::int64_t end = -1;  // the last high watermark that was seen; -1: none yet
  };

  [[nodiscard]] core::moment now() const;
  /// Runs `input` now, or as soon as the group is loaded and no write of its entry is on its way. An input that is
  /// dropped takes its reply with it, which answers coordinator_not_available.
  void submit(std::function<void()> input);
  void follow_rules();
  void drain();
  void open();
  void loaded(loaded_group answer);
  core::waiter_key park(waiter w);
  void send(const core::reply_to& answer);
  /// `positions`: of the group, to be erased when it is deleted, besides those that its entry lists.
  void perform(core::group_effects effects, std::vector<msg::group_partition> positions = {});
  void write(group_write what, std::function<void(group_write_answer)> then);
  void written(group_write_answer answer);
  void abandon(error_code error, stage next);
  void schedule();
  void show();
  void report(const core::size_refusal& refused);
  void on_tick(const coordinator_tick& tick);
  void look_idle();
  /// The store answers on its own threads; its answers run here, in the order in which they came.
  template <class Answer>
  std::function<void(Answer)> to_self(std::function<void(Answer)> handler);

  /// The group does not exist yet and its client creates too many of them: how long it must wait.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait_to_create(const std::string& host) const;
  void join(const msg::join_group& request);
  void heartbeat(const msg::heartbeat& request);
  void list(const msg::list_group& request) const;

  // coordinator_positions.cpp
  void commit(msg::offset_commit& request);
  void committed(std::vector<msg::offset_commit_item> puts, std::vector<error_code>& items,
                 const group_write_answer& answer);
  void fetch(const msg::offset_fetch& request);
  void notice_positions(const std::vector<msg::offset_fetch_item>& found);
  void behind_commits(std::function<void()> read);
  void commit_ended(std::uint64_t number);

  // coordinator_native.cpp
  /// Neither stored nor in use: positions that native subscribers stored may be all there is of it.
  [[nodiscard]] bool is_unknown() const;
  void describe(const msg::describe_group& request);
  void fetch_all(const msg::offset_fetch& request);

  // coordinator_topics.cpp
  void remove_offsets(const msg::delete_offsets& request);
  void remove_offsets_at(const msg::delete_offsets& request);
  void remove_native_offsets(const msg::delete_offsets& request, const found_positions& found);
  void remove_group(const msg::delete_group& request);
  void remove_group_at(const msg::delete_group& request, const found_positions& found);
  void forget(const msg::forget_topic& m);
  [[nodiscard]] std::optional<std::int64_t> lag_in(const uuid& topic_id, const lag_round& round);
  void report_lag(const msg::report_lag& m);
  void forget_gone_topics(group_metadata& entry) const;
  /// It is stored, nobody is in it and its entry lists no position.
  [[nodiscard]] bool is_bare() const;
  [[nodiscard]] bool is_bare_for(std::chrono::milliseconds time) const;
  void let_go();

  coordinator_actor::pointer self_;
  coordinator_context context_;
  stage stage_ = stage::closed;
  gauge_share alive_{counters_of(actor_kind::coordinator).alive};
  gauge_share shown_state_;
  gauge_share shown_members_;
  gauge_share held_bytes_;  // of context_.node_bytes
  std::int32_t shown_generation_ = 0;
  std::uint64_t lease_ = 0;  // of the last opening
  std::uint64_t epoch_ = 0;  // of the load: answers of the store from before the last one change nothing
  std::optional<core::group> group_;
  std::deque<std::function<void()>> parked_;
  std::map<core::waiter_key, waiter> waiters_;
  core::waiter_key last_waiter_ = 0;
  std::map<position_key, known_position> positions_;  // for the lag, while the group has members
  std::uint64_t last_commit_ = 0;
  std::set<std::uint64_t> open_commits_;                                // not answered yet
  std::deque<std::pair<std::uint64_t, std::function<void()>>> reads_;  // behind commits up to that one
  std::optional<std::int64_t> last_write_ms_;  // since it was loaded
  letting_go letting_go_ = letting_go::not_yet;
  std::set<std::int64_t> ticks_;  // when those are due that are on their way
  std::int64_t last_input_ms_ = 0;
  std::optional<std::int64_t> last_metadata_report_ms_;
  std::optional<std::int64_t> last_entry_report_ms_;
};

/// It loads its group at once.
coordinator_actor spawn_coordinator(caf::actor_system& system, coordinator_context context);

template <class Answer>
std::function<void(Answer)> coordinator_state::to_self(std::function<void(Answer)> handler) {
  auto me = caf::actor_cast<coordinator_actor>(self_);
  auto shared = std::make_shared<std::function<void(Answer)>>(std::move(handler));
  return [me, shared = std::move(shared)](Answer answer) {
    auto run = [shared, answer = std::move(answer)]() mutable { (*shared)(std::move(answer)); };
    caf::anon_send(me, coordinator_resume{std::make_shared<std::function<void()>>(std::move(run))});
  };
}

}  // namespace tidegate::actors
