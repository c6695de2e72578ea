#include "actors/cli/bench/bench.hpp"
#include "actors/cli/bench/fetch_lane.hpp"
#include "actors/cli/bench/produce_lane.hpp"
#include "actors/cli/bench/report.hpp"

#include <algorithm>
#include <cmath>

namespace tidegate::cli::bench {

namespace {

constexpr std::size_t most_unacknowledged = 100;  // of a connection; what is due meanwhile waits, and counts as waiting

/// Knows when each record was due, by its offset: nobody else may write to the topic.
class journeys {
 public:
  journeys(std::string topic, produced& producers, fetched& consumers)
    : topic_(std::move(topic)), consumers_(consumers) {
    for (const auto& [partition, at] : consumers.positions) trips_[partition] = {{}, at.end, at.end};
    producers.on_sent = [this](std::int32_t partition, clock::time_point since) {
      trips_.at(partition).since.push_back(since);
    };
    producers.on_acknowledged = [this](std::int32_t partition, std::int64_t offset) { acknowledged(partition, offset); };
    consumers.on_received = [this](std::int32_t partition, std::int64_t until, clock::time_point now) {
      received(partition, until, now);
    };
  }

  [[nodiscard]] std::int64_t arrived() const { return static_cast<std::int64_t>(took_.count()); }
  [[nodiscard]] const latency_histogram& took() const { return took_; }

 private:
  struct trip {
    std::deque<clock::time_point> since;  // of records that are not received yet
    std::int64_t next_acknowledged = 0;
    std::int64_t next_received = 0;
  };

  void acknowledged(std::int32_t partition, std::int64_t offset) {
    auto& one = trips_.at(partition);
    if (offset != one.next_acknowledged++) fail(partition, offset);
    auto& at = consumers_.positions.at(partition);
    if (at.next >= at.end) at.since = clock::now();
    at.end = std::max(at.end, offset + 1);
  }

  void received(std::int32_t partition, std::int64_t until, clock::time_point now) {
    auto& one = trips_.at(partition);
    for (; one.next_received < until; ++one.next_received) {
      if (one.since.empty()) fail(partition, one.next_received);
      took_.record(now - one.since.front());
      one.since.pop_front();
    }
  }

  [[noreturn]] void fail(std::int32_t partition, std::int64_t offset) const {
    throw kafka_failure(topic_ + "-" + std::to_string(partition) + ": offset " + std::to_string(offset) +
                        " is not what comes next; does somebody else write there?");
  }

  std::string topic_;
  fetched& consumers_;
  std::map<std::int32_t, trip> trips_;
  latency_histogram took_;
};

}  // namespace

int run_e2e(cluster& at, const e2e_options& wanted, const output& to) {
  const auto where = leaders_of_new(at, wanted.topic, wanted.partitions);
  const std::chrono::milliseconds timeout(at.timeout_ms());
  produced producers;
  fetched consumers;
  for (const auto& [partition, range] : ranges_of(at, wanted.topic, where))
    consumers.positions[partition] = {range.end, range.end, clock::now()};
  journeys all_records(wanted.topic, producers, consumers);
  schedule when(std::max<std::int64_t>(std::llround(wanted.rate * wanted.seconds), 1), wanted.rate);
  consumers.is_enough = [&] { return all_records.arrived() == when.count(); };

  using namespace std::chrono;
  const auto now_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const produce_frame frame(wanted.topic, wanted.acks, timeout,
                            make_batch(1, static_cast<std::size_t>(wanted.size), now_ms), 1);
  const produce_load produce{wanted.topic, frame, frame, false, timeout};
  const fetch_load fetch{wanted.topic, 52'428'800, 1'048'576, 500, false, timeout};
  lanes all;
  for (const auto& one : where) {
    all.push_back(std::make_unique<fetch_lane>(fetch, one, 1, consumers));
    all.push_back(std::make_unique<produce_lane>(produce, one, 0, most_unacknowledged, when, producers));
  }
  const auto total = static_cast<std::size_t>(when.count());
  const auto show = to.progress("records", total);
  const stopwatch time;
  when.start(clock::now());
  run_load(all, timeout, [&] { show(static_cast<std::size_t>(all_records.arrived())); });
  show(total);

  report result;
  result.add("topic", "TOPIC", wanted.topic);
  result.add("partitions", "PARTITIONS", static_cast<std::int64_t>(partitions_in(where)));
  result.add("records", "RECORDS", all_records.arrived());
  result.add("seconds", "SECONDS", time.seconds(), 3);
  result.add("records_per_s", "RECORDS/S", static_cast<double>(all_records.arrived()) / time.seconds(), 1);
  result.add("cpu_seconds", "CPU S", time.cpu_seconds(), 3);
  result.add("ack_ms", "ack", producers.acks);
  result.add("e2e_ms", "end to end", all_records.took());
  result.print(to);
  return 0;
}

}  // namespace tidegate::cli::bench
