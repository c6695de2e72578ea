#pragma once

#include "messages/actor/group.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The classic consumer group as a pure machine: inputs and times come in, effects go out.
namespace tidegate::core {

/// What the coordinator calls one parked request; the machine never sees the request's reply.
using waiter_key = std::uint64_t;

struct moment {
  std::int64_t now_ms = 0;   // a monotonic clock, for deadlines
  std::int64_t wall_ms = 0;  // since 1970, for what is stored
};

/// By so many bytes a group may grow.
struct growth_room {
  std::size_t newcomers = std::numeric_limits<std::size_t>::max();
  std::size_t members = std::numeric_limits<std::size_t>::max();  // who are in it and say more than before
};

struct group_options {
  std::int32_t initial_rebalance_delay_ms = 500;    // group.initial.rebalance.delay.ms; Kafka's default is 3 s
  std::int32_t min_session_timeout_ms = 6'000;      // group.min.session.timeout.ms
  std::int32_t max_session_timeout_ms = 1'800'000;  // group.max.session.timeout.ms
  std::int32_t new_member_timeout_ms = 300'000;     // Kafka's limit for a new member that waits in JoinGroup
  std::int32_t retry_ms = 1'000;                    // after a round without members could not be stored
  std::size_t max_size = 2'147'483'647;             // group.max.size
  std::size_t max_metadata_bytes = 3'145'728;       // limits.group_metadata_bytes: members, as they are stored
  std::size_t max_entry_bytes = 3'932'160;          // the engines take 4 MiB; the rest is for topics that come later
  std::size_t max_pending_members = 1'000;          // KIP-394 ids that were handed out and not used yet; the oldest goes
  std::size_t max_offset_metadata_bytes = 4'096;    // offset.metadata.max.bytes
  growth_room node_room;                            // what limits.node_group_bytes leaves
};

enum class group_phase : std::uint8_t { empty, preparing_rebalance, completing_rebalance, stable, dead };

/// Kafka's name of the phase, as DescribeGroups and ListGroups answer it.
std::string_view name_of(group_phase phase);

/// The plain error_code answers Heartbeat and DeleteGroups.
using group_reply = std::variant<error_code, msg::join_group_result, msg::sync_group_result, msg::leave_group_result>;

struct reply_to {
  waiter_key waiter = 0;
  group_reply what;
};

enum class size_limit : std::uint8_t { group_metadata, group_entry, node_groups };

/// A request that was refused for its size: whoever runs the node is to know, too.
struct size_refusal {
  size_limit limit = size_limit::group_metadata;
  std::size_t bytes = 0;  // of the metadata or the entry as they would have been; node_groups: by which they would grow
};

struct group_effects {
  std::vector<reply_to> replies;          // to be sent now
  std::optional<group_metadata> persist;  // to be stored; then on_persisted releases or fails what depends on it
  bool erase_positions = false;           // with `persist`: every position of the group goes first (DeleteGroups)
  std::optional<size_refusal> refused_for_size;
};

/// What a commit or a removal of positions may do: the items that are none, and the entry that goes with them.
struct position_plan {
  error_code error = error_code::none;    // of a removal: then there are no items
  std::vector<error_code> items;          // in the order of the request
  std::optional<group_metadata> persist;  // when set, the group is busy until on_persisted
};

/// One classic consumer group. While `is_busy` only on_heartbeat, on_tick, commit_answered, on_persisted, forget_topic,
/// retire and the queries may be called: the shell keeps other inputs back. Hard state (`stored`) changes in apply()
/// only, live and in recovery; what a deleted topic leaves behind goes in forget_topic().
class group {
 public:
  /// Recovers a group from its entry: members keep generation and assignment, and get a full session timeout.
  group(group_metadata entry, group_options options, moment now);

  /// Other rules for what comes in from now on; what was decided stays.
  void follow(const group_options& options) { options_ = options; }

  /// Errors: invalid_session_timeout, inconsistent_group_protocol, unknown_member_id, fenced_instance_id,
  ///         member_id_required, group_max_size_reached, rebalance_in_progress (a newer JoinGroup replaced this one),
  ///         coordinator_load_in_progress (the node's groups are too large together: nothing changes, ask again).
  /// `new_uuid`: makes the member id when the member is new. Source: JoinGroup (API key 11), KIP-394, KIP-345, KIP-814.
  group_effects on_join(const msg::join_group& request, waiter_key waiter, std::string_view new_uuid, moment now);

  /// Errors: unknown_member_id, fenced_instance_id, illegal_generation, inconsistent_group_protocol,
  ///         rebalance_in_progress, unknown_server_error (the assignments are too large to be stored: another round
  ///         follows). Source: SyncGroup (API key 14).
  group_effects on_sync(const msg::sync_group& request, waiter_key waiter, moment now);

  /// Answers one Heartbeat and, when it is accepted, extends the session; rebalance_in_progress is accepted, too.
  error_code on_heartbeat(const msg::heartbeat& request, moment now);

  /// Source: LeaveGroup (API key 13); per member none, unknown_member_id or fenced_instance_id.
  group_effects on_leave(const msg::leave_group& request, waiter_key waiter, moment now);

  /// Expires what is due: pending ids, sessions, the wait for SyncGroup, the round itself; nothing while it is busy.
  /// `late_ms`: so much later than it was to be called. When that says that the process was paused, members get a full
  /// session from now, and the other deadlines are at least so far away, or their own timeout if that is shorter.
  group_effects on_tick(moment now, std::int64_t late_ms = 0);

  /// Errors: non_empty_group, group_id_not_found. A deleted group leaves a tombstone with its generation.
  group_effects on_delete(waiter_key waiter, moment now);

  /// The outcome of the last `persist`. `failure` none: stored. Otherwise nothing of it was stored, and everything that
  /// depends on it is answered with `failure`.
  group_effects on_persisted(error_code failure, moment now);

  /// Fences a commit and plans what to store. Accepted commits extend the session, as in Kafka.
  /// Errors per item: unknown_member_id, fenced_instance_id, illegal_generation, rebalance_in_progress,
  ///                  offset_metadata_too_large. A generation of a group that nobody knows is illegal in every version
  ///                  (Kafka: group_id_not_found from version 9 on), because clients rejoin after that.
  /// A plan with anything to store keeps the member until commit_answered: a store that takes longer than a session must
  /// not cost a member whose commit then succeeds.
  position_plan plan_commit(const msg::offset_commit& request, moment now);

  /// Whatever became of it. Its session begins anew, for its heartbeats may have waited behind the commit.
  void commit_answered(const std::string& member_id, moment now);

  /// Errors: group_id_not_found, non_empty_group (members that are no consumers), coordinator_not_available (dead).
  /// Errors per item: group_subscribed_to_topic. Source: OffsetDelete (API key 47), KIP-496.
  position_plan plan_offset_delete(const msg::delete_offsets& request);

  /// The topic was deleted, and its positions with it: it is not listed any more. The next `persist` says so, too.
  void forget_topic(const uuid& topic_id);

  /// Answers every waiter with `error` and refuses everything from now on: the group moved away or is loaded again.
  group_effects retire(error_code error);

  [[nodiscard]] msg::describe_group_result describe() const;
  [[nodiscard]] msg::list_group_result list() const;

  /// When on_tick is due; nullopt: no deadline, or busy.
  [[nodiscard]] std::optional<std::int64_t> next_deadline_ms() const;

  [[nodiscard]] bool is_busy() const { return in_flight_.has_value(); }
  [[nodiscard]] group_phase phase() const { return phase_; }
  [[nodiscard]] const group_metadata& stored() const { return stored_; }
  [[nodiscard]] bool has_members() const { return !members_.empty(); }
  [[nodiscard]] std::size_t members() const { return members_.size(); }
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] bool is_idle() const { return members_.empty() && pending_.empty() && !is_busy(); }
  /// False for a group that nobody ever stored, or that was deleted.
  [[nodiscard]] bool exists() const;
  /// What its members say, as it is stored; kept, not added up.
  [[nodiscard]] std::size_t said_bytes() const { return said_bytes_; }
  /// What it holds: its entry, with its members as they are stored or as they are now, whichever is more. Kept, too.
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  struct member {
    group_member data;  // its assignment stays empty: the assignments are in stored_
    std::size_t bytes = 0;  // of `data` in said_bytes_
    bool is_new = false;  // has never been in a stored round
    bool supports_skip_assignment = false;
    bool must_sync = false;
    std::optional<waiter_key> joining;
    std::optional<waiter_key> syncing;
    std::size_t commits = 0;  // not answered yet
    std::int64_t session_deadline_ms = 0;
  };

  enum class write_kind : std::uint8_t { round, assignment, static_member, positions, deletion };

  struct write_in_flight {
    write_kind what = write_kind::round;
    group_metadata next{};
    std::optional<waiter_key> waiter{};  // the request that caused it, if it has a reply of its own
    group_reply on_stored{};             // that reply
    std::string old_member_id{};         // static_member
    std::optional<member> replacement{};
  };

  // group.cpp
  void apply(const group_metadata& next);
  void count_stored();
  void persist(write_in_flight write, group_effects& out);
  void fail_write(const write_in_flight& write, error_code failure, moment now, group_effects& out);
  [[nodiscard]] error_code check_member(const std::string& id, const std::optional<std::string>& instance) const;
  [[nodiscard]] const std::string* find_static(const std::string& instance) const;
  [[nodiscard]] std::int32_t rebalance_timeout_ms() const;
  void extend_session(member& who, moment now) const;
  /// Something of the member waits here, which proves that it lives.
  [[nodiscard]] static bool is_waiting(const member& who) { return who.joining || who.syncing || who.commits > 0; }
  /// Who the members are and what they say changes in these two only, which keep its size.
  member& put_member(const std::string& member_id, member who);
  void remove_member(const std::string& member_id, error_code answer, group_effects& out);

  // group_round.cpp
  [[nodiscard]] bool supports(const std::string& type, const std::vector<group_protocol>& protocols) const;
  [[nodiscard]] std::string select_protocol() const;
  [[nodiscard]] bool all_joined() const;
  [[nodiscard]] bool elect_leader();
  void prepare_rebalance(moment now, group_effects& out);
  void prepare_or_complete(moment now, group_effects& out);
  void complete_round_if_all_joined(moment now, group_effects& out);
  void complete_round(moment now, group_effects& out);
  void round_stored(moment now, group_effects& out);
  void initial_delay_over(moment now, group_effects& out);

  // group_join.cpp
  struct join_size {
    member* known = nullptr;  // who joins again, also as a static member without its id
    std::size_t before = 0;   // what it says now
    std::size_t wanted = 0;   // what it would say
  };
  [[nodiscard]] join_size size_of(const msg::join_group& request, std::string_view new_uuid);
  [[nodiscard]] bool has_room_for(const std::string& member_id) const;
  [[nodiscard]] bool has_bytes_for(const join_size& size) const;
  [[nodiscard]] bool node_has_bytes_for(const join_size& size) const;
  [[nodiscard]] error_code check_id(const msg::join_group& request) const;
  void refuse_for_size(const msg::join_group& r, waiter_key w, moment now, group_effects& out);
  void refuse_for_now(const join_size& size, const msg::join_group& r, waiter_key w, moment now, group_effects& out);
  [[nodiscard]] msg::join_group_result current_round(const std::string& member_id, bool with_members) const;
  void join_new(const msg::join_group& r, waiter_key w, std::string_view new_uuid, moment now, group_effects& out);
  void join_known(const msg::join_group& r, waiter_key w, moment now, group_effects& out);
  void await_first_round(member& who, moment now) const;
  void add_member(const std::string& id, const msg::join_group& r, waiter_key w, moment now, group_effects& out);
  void update_member(member& who, const msg::join_group& r, waiter_key w, group_effects& out);
  void replace_static(const std::string& old_id, const std::string& new_id, const msg::join_group& r, waiter_key w,
                      moment now, group_effects& out);
  void store_replacement(const std::string& old_id, member twin, waiter_key w, moment now, group_effects& out);
  void replacement_stored(const write_in_flight& write, moment now, group_effects& out);

  // group_sync.cpp
  [[nodiscard]] error_code check_sync(const msg::sync_group& request) const;
  [[nodiscard]] msg::sync_group_result assignment_of(const std::string& member_id) const;
  void refuse_assignments(moment now, group_effects& out);
  void assignments_stored(moment now, group_effects& out);

  // group_commit.cpp
  [[nodiscard]] error_code check_commit(const msg::offset_commit& request) const;
  [[nodiscard]] error_code check_offset_delete() const;
  [[nodiscard]] std::optional<std::set<std::string>> topics_in_use() const;

  // group_session.cpp
  error_code leave_one(const msg::leaving_member& who, group_effects& out);
  bool expire_members(moment now, group_effects& out);
  void make_up_for(std::int64_t late_ms, moment now);

  group_options options_;
  group_metadata stored_;
  group_phase phase_ = group_phase::empty;
  std::string leader_;         // of the round that is being prepared, or the current one
  std::string protocol_type_;
  std::map<std::string, member> members_;
  std::size_t said_bytes_ = 0;         // of members_
  std::size_t stored_said_bytes_ = 0;  // of the members in stored_
  std::size_t stored_rest_bytes_ = 0;  // of all else in it
  struct pending_member {
    std::int64_t since_ms = 0;
    std::int64_t deadline_ms = 0;
    std::int64_t timeout_ms = 0;
  };
  std::map<std::string, pending_member> pending_;  // by KIP-394 id
  bool initial_ = false;            // preparing the first round of an empty group: it waits for others to join
  bool joined_meanwhile_ = false;
  std::int64_t initial_remaining_ms_ = 0;
  std::optional<std::int64_t> join_deadline_ms_;
  std::optional<std::int64_t> sync_deadline_ms_;
  std::optional<write_in_flight> in_flight_;
};

}  // namespace tidegate::core
