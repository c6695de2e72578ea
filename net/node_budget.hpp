#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace tidegate::net {

struct node_limits {
  std::size_t requests = 100'000;                      // unanswered
  std::size_t bytes = std::size_t{512} << 20;          // of these, and of large ones that still come
  std::size_t unsent_bytes = std::size_t{512} << 20;   // answers that clients have not taken yet
};

/// What the requests of all connections hold together, and who waits until it is less. Thread: any.
///
/// What counts. Of each connection all but its first request and its first 64 KiB. So whoever has no request open may
/// always send one that is not large, whatever the others hold: heartbeats, joins and fetches pass a full node, and
/// requests that wait for those of others (JoinGroup, SyncGroup, a fetch that waits for a record) cannot lock each
/// other out. A request counts until nobody needs it any more, also when its connection is gone before.
///
/// Who waits. A connection that has begun a request which the node has no room for is not read, and stands in line in
/// the order of coming. One at a time has the turn: it may go on although the node is full, until its request is whole
/// and it got an answer. So requests that came half and fill the node do not block each other for ever, and the node
/// holds at most the limit and, for each thread of the pool and for the turn, one largest request. As long as there is
/// room the turn is passed on at once; who had it keeps its place for the rest of its request.
///
/// What may take long. The turn is held as long as its request is unanswered: a large JoinGroup or SyncGroup at most
/// for its rebalance timeout, a large fetch for ten seconds. Who has the turn and sends too slowly is closed, and so is
/// who takes no answers, so that its request is not begun.
///
/// Not contended while there is room: two atomic additions per request that counts. Nobody polls.
class node_budget {
 public:
  static constexpr std::size_t free_bytes = 65536;
  static constexpr std::size_t free_requests = 1;

  class waiter {
   public:
    virtual ~waiter() = default;
    /// It has the turn now. Thread: whoever made room.
    virtual void on_turn() = 0;
  };

  explicit node_budget(node_limits limits) : limits_(limits) {}

  [[nodiscard]] bool has_room_for_requests() const { return requests_ < as_signed(limits_.requests); }
  [[nodiscard]] bool has_room() const {
    return has_room_for_requests() && bytes_ < as_signed(limits_.bytes);
  }

  /// For somebody who does not wait yet: nobody is overtaken.
  [[nodiscard]] bool is_open() const { return waiting_ == 0 && has_room(); }

  [[nodiscard]] bool may_keep_unsent() const { return unsent_ < as_signed(limits_.unsent_bytes); }

  void add(std::int64_t requests, std::int64_t bytes);
  void add_unsent(std::int64_t bytes) { unsent_ += bytes; }

  /// Places in the line, from 1 and in order.
  std::uint64_t new_place() { return ++last_place_; }
  [[nodiscard]] std::uint64_t turn() const { return turn_; }
  void wait(std::uint64_t place, std::weak_ptr<waiter> who);

  /// Who has the turn took as much as it could at once.
  void went_on(std::uint64_t place);

  /// Out of the line, and without the turn.
  void leave(std::uint64_t place);

  [[nodiscard]] std::int64_t requests() const { return requests_; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }
  [[nodiscard]] std::int64_t unsent() const { return unsent_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  static std::int64_t as_signed(std::size_t value) { return static_cast<std::int64_t>(value); }
  std::shared_ptr<waiter> pass_on();

  const node_limits limits_;
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::int64_t> unsent_{0};
  std::atomic<std::uint64_t> last_place_{0};
  std::atomic<std::size_t> waiting_{0};  // line_.size()
  std::atomic<std::uint64_t> turn_{0};   // the place that has it; 0: nobody
  std::mutex mutex_;                     // guards what follows, and changes of the two above
  bool has_gone_on_ = false;             // who has the turn
  std::map<std::uint64_t, std::weak_ptr<waiter>> line_;
};

/// Internal to net/: one connection's part of it. Thread: one at a time.
class budget_share {
 public:
  explicit budget_share(std::shared_ptr<node_budget> node) : node_(std::move(node)) {}
  budget_share(const budget_share&) = delete;
  budget_share& operator=(const budget_share&) = delete;
  ~budget_share();

  /// What the connection holds now: requests that are whole, and the bytes of these and of a large one that comes.
  void hold(std::size_t requests, std::size_t bytes);
  void keep_unsent(std::size_t bytes);

  /// Whether it may go on with what it has begun; false: `wait`, unless it `has_turn` and waits for its own answer.
  bool may_go_on();
  void wait(std::weak_ptr<node_budget::waiter> who);

  /// Nothing more can be done at once.
  void went_on();
  /// The request that it waited for is whole.
  void have_request();
  /// One of its requests is answered.
  void have_answer();
  /// Does not go on: the turn is for others. Once its request is whole it stays until the answer, or until the share
  /// dies with whoever works on the request.
  void give_up();

  [[nodiscard]] bool has_turn() const { return place_ != 0 && node_->turn() == place_; }
  /// It holds up the others, by what its client does not do: it has the turn, and its request is not whole, or
  /// `takes_nothing` and so gets no answer.
  [[nodiscard]] bool holds_up(bool takes_nothing) const {
    return has_turn() && (!is_whole_ || takes_nothing) && !node_->has_room();
  }

 private:
  void leave();

  const std::shared_ptr<node_budget> node_;
  std::int64_t requests_ = 0;  // as counted
  std::int64_t bytes_ = 0;
  std::int64_t unsent_ = 0;
  std::uint64_t place_ = 0;  // 0: none
  bool in_line_ = false;
  bool is_whole_ = false;  // the request for which it has its place
};

}  // namespace tidegate::net
