#pragma once

#include "actors/partition/doubtful_uploads.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/partition_trims.hpp"
#include "actors/partition/parts_owner.hpp"
#include "messages/common/planned_batch.hpp"
#include "messages/kafka/record_batch.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace tidegate::actors {

/// Produce, from the validated batch to the answer: offer → plan → put chunk → write entry → apply → answer.
/// Up to `appends_at_once` are between plan and apply. Their chunks are put side by side; entries are written one unit
/// after the other, in order, each with all chunks of its file that are there. So nothing is stored above what was
/// refused.
class partition_appends {
 public:
  partition_appends(partition_log& log, doubtful_uploads& doubts, const partition_trims& trims, parts_owner& owner)
    : log_(log), doubts_(doubts), trims_(trims), owner_(owner) {}

  /// `check`: what validate_batch() says about its records.
  void decide(const msg::append& m, const kafka::batch_check& check);

  /// The entries whose chunks are there, unless an undecided trim holds them back: whoever ends that calls this.
  void write();

  /// The log is served, by another leader than before.
  void begin();

  /// What is on its way is given up: what is not written names nothing; of the rest a load shows what became of it.
  void drop();
  /// Everybody who waits for what is not stored.
  void answer_all(error_code error);

  [[nodiscard]] bool is_appending() const { return !appends_.empty() || !planned_.empty(); }
  [[nodiscard]] bool has_unanswered() const { return !undecided_.empty(); }

 private:
  struct undecided {
    std::int64_t base_offset = 0;
    std::int64_t log_append_time_ms = -1;
    std::vector<reply<msg::append_result>> answers;  // more than one: retries of the same batch
  };
  enum class append_step : std::uint8_t { uploads, uploaded, written, failed };
  struct pending_append {
    std::uint64_t number = 0;
    smq::uploaded_append upload;
    std::vector<planned_batch> batches;
    append_step step = append_step::uploads;
    std::string problem;  // failed
  };

  void start();
  void plan_batches();
  void warn_of_clock(std::int64_t now_ns);
  void upload_next();
  void uploaded(std::uint64_t number, const smq::result<smq::chunk_id>& put);
  void appends_written(const smq::write_answer& answer);
  std::vector<pending_append> take_written();
  void count_stored(std::span<const planned_batch> stored);
  void append_refused(const std::string& reason);
  void answer_stored();

  partition_log& log_;
  doubtful_uploads& doubts_;
  const partition_trims& trims_;
  parts_owner& owner_;
  bool new_leader_ = true;
  std::vector<undecided> undecided_;    // in offset order
  std::vector<planned_batch> planned_;  // by the machine, and not in an append yet
  std::deque<pending_append> appends_;  // not stored, in order; those that are written come first
  std::uint64_t next_append_ = 0;       // its number
  smq::log_tail next_append_at_;
  bool warned_of_clock_ = false;
};

}  // namespace tidegate::actors
