#pragma once

#include "actors/metrics/topic_metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace tidegate::actors {

/// Lag by (group, topic), summed over partitions.
using lag_rows = std::map<std::pair<std::string, std::string>, std::int64_t>;

/// A loaded group, as it says of itself.
struct group_row {
  std::string group;
  std::string state;  // Kafka's name of it
  std::size_t members = 0;
  std::int32_t generation = 0;
  std::optional<std::int64_t> lag{};  // of what is known: nothing for a group without members
};

/// The groups that come first by name, for people to look at.
struct group_list {
  static constexpr std::size_t most = 500;

  std::map<std::string, group_row> rows;
  std::size_t left_out = 0;

  void add(group_row row);
};

/// Rows of at most `limit` pairs, those that are furthest behind, then by name; the sum of all others is ("_other",
/// "_other").
class bounded_lags {
 public:
  explicit bounded_lags(std::size_t limit) : limit_(limit) {}

  /// Once per pair.
  void add(const std::string& group, const std::string& topic, std::int64_t lag);
  [[nodiscard]] lag_rows take() const;

 private:
  const std::size_t limit_;
  std::set<std::tuple<std::int64_t, std::string, std::string>> rows_;  // the lag with its sign changed
  std::int64_t others_ = 0;
  bool has_others_ = false;
};

/// What the last complete round found. Thread: any; nobody waits for a round.
struct lag_board {
  mutable std::mutex mutex;  // guards what follows
  lag_rows rows;
  group_list groups;
  bool is_asked = false;  // a round is on its way
};

/// One question to all loaded groups. Everybody who is asked holds it; when the last one lets go, answered or dead, the
/// board shows what was found. Thread: any.
class lag_round {
 public:
  /// Null: one is on its way already.
  static std::shared_ptr<lag_round> begin(const std::shared_ptr<lag_board>& board,
                                          std::shared_ptr<const topic_metrics> topics, std::size_t limit);
  ~lag_round();
  lag_round(const lag_round&) = delete;
  lag_round& operator=(const lag_round&) = delete;

  void add(const std::string& group, const std::string& topic, std::int64_t lag);
  void add(group_row row);

  /// See topic_metrics.
  [[nodiscard]] std::int64_t end_of(const uuid& topic_id, std::int32_t partition) const {
    return topics_->end_of(topic_id, partition);
  }

 private:
  lag_round(std::shared_ptr<lag_board> board, std::shared_ptr<const topic_metrics> topics, std::size_t limit)
    : board_(std::move(board)), topics_(std::move(topics)), found_(limit) {}

  const std::shared_ptr<lag_board> board_;
  const std::shared_ptr<const topic_metrics> topics_;
  std::mutex mutex_;  // guards what follows
  bounded_lags found_;
  group_list groups_;
};

}  // namespace tidegate::actors

namespace tidegate::msg {

/// To every loaded group: add yourself and your lag to `round`. No input: it keeps no group from going idle.
struct report_lag {
  std::shared_ptr<actors::lag_round> round;
};

}  // namespace tidegate::msg
