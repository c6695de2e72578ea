#pragma once

#include "actors/cli/bench/group_lanes.hpp"
#include "actors/cli/bench/layout.hpp"
#include "messages/kafka/fetch.hpp"

namespace tidegate::cli::bench {

struct record_fetch {
  std::int32_t max_bytes = 0;            // of an answer
  std::int32_t partition_max_bytes = 0;  // of one partition in it
};

/// Fetches from the positions of groups that came back, and looks at the first record of each partition that a broker
/// leads: it must be the one that was written at exactly that offset. Partitions that an answer left out, or whose
/// leader is not ready, are asked for again.
/// Errors: kafka_failure that names the group and the partition, also when a record does not come in time.
class first_record_lane final : public lane {
 public:
  first_record_lane(const resume_plan& plan, const record_fetch& fetch, const led_partitions& where,
                    std::size_t in_flight, returned_groups& sum)
    : lane(where.leader, plan.timeout, in_flight), plan_(plan), fetch_(fetch), partitions_(where.partitions), sum_(sum) {}

  /// A group that knows its positions.
  void add(const visit_ptr& visit, clock::time_point now) { waiting_.add(now, {visit, partitions_, now}); }

  std::optional<outgoing> next(clock::time_point now) override;
  [[nodiscard]] clock::time_point due() const override { return waiting_.due(); }
  void take(byte_view body, clock::time_point since, clock::time_point now) override;
  [[nodiscard]] bool is_over() const override { return waiting_.is_empty() && sum_.without_positions == 0; }

 private:
  /// A group's partitions without a record yet, in order.
  struct wanted_records {
    visit_ptr visit;
    std::vector<std::int32_t> partitions;
    clock::time_point since;
  };

  byte_buffer request_for(const wanted_records& wanted) const;
  bool has_right_record(const group_visit& visit, const kafka::fetch_response::partition_data& got) const;
  void finish(group_visit& visit, clock::time_point now);
  [[noreturn]] void fail(const group_visit& visit, std::int32_t partition, const std::string& found) const;

  const resume_plan& plan_;
  const record_fetch& fetch_;
  std::vector<std::int32_t> partitions_;
  returned_groups& sum_;
  waiting_list<wanted_records> waiting_;
  std::deque<wanted_records> asked_;
  byte_buffer frame_;  // of the newest request
};

}  // namespace tidegate::cli::bench
