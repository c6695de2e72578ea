#pragma once

#include "actors/cli/bench/latency.hpp"
#include "actors/cli/bench/layout.hpp"
#include "actors/cli/bench/load.hpp"

#include <map>

namespace tidegate::kafka {
struct fetch_response;
}

namespace tidegate::cli::bench {

struct fetch_load {
  std::string topic;
  std::int32_t max_bytes = 0;            // of an answer
  std::int32_t partition_max_bytes = 0;  // of one partition in it
  std::int32_t max_wait_ms = 0;
  bool checks_crcs = false;
  std::chrono::milliseconds timeout{};
};

/// How far a partition was read.
struct read_position {
  std::int64_t next = 0;           // the offset to read
  std::int64_t end = 0;            // behind the last record that is known to be there
  clock::time_point since;         // when either moved last
};

/// What consumers count together.
struct fetched {
  std::int64_t records = 0;
  std::int64_t bytes = 0;  // of batches
  latency_histogram fetches;
  std::map<std::int32_t, read_position> positions;  // by partition: of all lanes

  /// While there is one, what lies behind `end` is read, too, and partitions are read on until it answers true.
  std::function<bool()> is_enough;
  std::function<void(std::int32_t partition, std::int64_t until, clock::time_point now)> on_received;  // optional
};

/// A consumer of some partitions of a broker. They are shared out to Fetch requests that are on their way at the same
/// time; none has two.
/// Errors: kafka_failure that names the partition, for what a broker answers, for records that are missing, and when
/// nothing comes though there should be something.
class fetch_lane final : public lane {
 public:
  fetch_lane(const fetch_load& wanted, const led_partitions& where, std::size_t in_flight, fetched& sum);

  std::optional<outgoing> next(clock::time_point now) override;
  [[nodiscard]] clock::time_point due() const override { return never; }
  void take(byte_view body, clock::time_point since, clock::time_point now) override;
  [[nodiscard]] bool is_over() const override;

 private:
  using partition_set = std::vector<std::int32_t>;

  [[nodiscard]] bool is_done(std::int32_t partition) const;
  byte_buffer request_for(const partition_set& partitions) const;
  bool take(std::int32_t partition, byte_view records, clock::time_point now);
  [[noreturn]] void fail(std::int32_t partition, const std::string& why) const;

  const fetch_load& wanted_;
  fetched& sum_;
  std::deque<partition_set> ready_;      // to be asked for
  std::deque<partition_set> asked_for_;  // in the order of their requests
  byte_buffer frame_;                    // of the newest request
};

}  // namespace tidegate::cli::bench
