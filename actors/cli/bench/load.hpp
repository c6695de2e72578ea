#pragma once

#include "actors/cli/bench/wire_connection.hpp"

#include <deque>
#include <functional>
#include <span>
#include <vector>

namespace tidegate::cli::bench {

inline constexpr auto never = clock::time_point::max();

/// When each of a number of requests is to be sent, whoever sends it. Without a rate: as soon as somebody can.
class schedule {
 public:
  /// `per_second`: 0 for no rate.
  schedule(std::int64_t count, double per_second)
    : count_(count), nanoseconds_apart_(per_second > 0 ? 1e9 / per_second : 0) {}

  [[nodiscard]] bool is_over() const { return taken_ == count_; }
  [[nodiscard]] std::int64_t taken() const { return taken_; }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] bool has_rate() const { return nanoseconds_apart_ > 0; }

  /// Of the next one, while it is not over.
  [[nodiscard]] clock::time_point due() const {
    return start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(taken_) * nanoseconds_apart_));
  }
  void take() { ++taken_; }

  /// The first one is due then.
  void start(clock::time_point at) { start_ = at; }

 private:
  std::int64_t count_;
  std::int64_t taken_ = 0;
  double nanoseconds_apart_;
  clock::time_point start_;
};

/// A request that is to be sent. Its latency counts from `since`: when it was due, so that a server that keeps the
/// client from sending does not make itself look better ("coordinated omission").
struct outgoing {
  std::span<std::byte> frame;  // stays until the next request of the connection is asked for
  clock::time_point since;
};

/// What is sent over one connection. Answers come in the order of the requests.
class lane {
 public:
  /// `in_flight`: requests without an answer at any time, at least 1.
  lane(const broker_address& at, std::chrono::milliseconds timeout, std::size_t in_flight)
    : connection_(at, timeout), in_flight_(in_flight) {}
  virtual ~lane() = default;
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  /// The next request; nothing when none is due at `now`.
  virtual std::optional<outgoing> next(clock::time_point now) = 0;

  /// When `next` will have something though no answer came; `never`: not before an answer.
  [[nodiscard]] virtual clock::time_point due() const = 0;

  /// Takes the answer to the oldest request.
  virtual void take(byte_view body, clock::time_point since, clock::time_point now) = 0;

  /// Whether nothing more will be sent.
  [[nodiscard]] virtual bool is_over() const = 0;

 protected:
  [[nodiscard]] const broker_address& broker() const { return connection_.broker(); }

 private:
  friend class load;
  struct sent {
    std::int32_t id;
    clock::time_point since, at;
  };

  wire_connection connection_;
  std::size_t in_flight_;
  std::deque<sent> sent_;
  std::int32_t next_id_ = 0;
  bool watches_room_ = false;  // whether the load waits until more can be sent
};

using lanes = std::vector<std::unique_ptr<lane>>;

/// Runs lanes until each is over and has all its answers. `on_progress` is called now and then.
/// Errors: kafka_failure of a lane or a connection, and when an answer takes longer than `timeout`.
/// Thread: one, which does everything.
void run_load(lanes& all, std::chrono::milliseconds timeout, const std::function<void()>& on_progress);

}  // namespace tidegate::cli::bench
