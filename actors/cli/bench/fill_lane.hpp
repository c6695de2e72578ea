#pragma once

#include "actors/cli/bench/layout.hpp"
#include "actors/cli/bench/produce_lane.hpp"
#include "actors/cli/bench/resume_plan.hpp"

#include <optional>

namespace tidegate::cli::bench {

/// Where each partition's log ends. One that ends before the last record of the plan gets those that are missing.
using log_ends = std::map<std::int32_t, std::int64_t>;

/// Writes the records of a plan to the partitions that a broker leads, in small batches, so that positions are in the
/// middle of some. Errors: kafka_failure, also when a record gets another offset than the one that stands in it.
class fill_lane final : public lane {
 public:
  /// `written`: counts acknowledged records.
  fill_lane(const resume_plan& plan, const led_partitions& where, const log_ends& ends, std::int64_t& written);

  std::optional<outgoing> next(clock::time_point now) override;
  [[nodiscard]] clock::time_point due() const override { return is_over() ? never : clock::time_point::min(); }
  void take(byte_view body, clock::time_point since, clock::time_point now) override;
  [[nodiscard]] bool is_over() const override { return todo_.empty(); }

 private:
  struct stretch {
    std::int32_t partition;
    std::int64_t from;
    std::int64_t until;  // not known before it is sent
  };

  const resume_plan& plan_;
  std::int64_t& written_;
  std::int32_t batch_records_;
  std::deque<stretch> todo_, sent_;
  std::optional<produce_frame> frame_;  // of the newest request
};

}  // namespace tidegate::cli::bench
