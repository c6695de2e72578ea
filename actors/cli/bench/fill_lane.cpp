#include "actors/cli/bench/fill_lane.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

constexpr std::size_t most_in_flight = 5;  // as Kafka's producers
constexpr std::size_t batch_bytes = 65536;
constexpr std::int32_t most_batch_records = 10;

}  // namespace

fill_lane::fill_lane(const resume_plan& plan, const led_partitions& where, const log_ends& ends, std::int64_t& written)
  : lane(where.leader, plan.timeout, most_in_flight), plan_(plan), written_(written),
    batch_records_(std::min(records_within(batch_bytes, plan.value_bytes), most_batch_records)) {
  for (const auto partition : where.partitions)
    if (const auto end = ends.at(partition); end < plan.records) todo_.push_back({partition, end, end});
}

std::optional<outgoing> fill_lane::next(clock::time_point now) {
  if (todo_.empty()) return std::nullopt;
  auto one = todo_.front();
  todo_.pop_front();
  one.until = std::min(one.from + batch_records_, plan_.records);
  std::vector<std::string> values;
  for (auto offset = one.from; offset < one.until; ++offset) values.push_back(value_of(plan_, one.partition, offset));
  using namespace std::chrono;
  const auto now_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  frame_.emplace(plan_.topic, std::int16_t{-1}, plan_.timeout, make_batch(values, now_ms),
                 static_cast<std::int32_t>(values.size()));
  frame_->set_partition(one.partition);
  sent_.push_back(one);
  if (one.until < plan_.records) todo_.push_back({one.partition, one.until, one.until});
  return outgoing{frame_->bytes(), now};
}

void fill_lane::take(byte_view body, clock::time_point /*since*/, clock::time_point /*now*/) {
  const auto answer = acknowledgement(body, plan_.topic, broker());
  const auto one = sent_.front();
  sent_.pop_front();
  if (answer.base_offset != one.from)
    throw kafka_failure(plan_.topic + "-" + std::to_string(one.partition) + ": the record for offset " +
                        std::to_string(one.from) + " got offset " + std::to_string(answer.base_offset) +
                        "; does somebody else write there?");
  written_ += one.until - one.from;
}

}  // namespace tidegate::cli::bench
