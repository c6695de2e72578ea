#include "actors/cli/bench/bench.hpp"
#include "actors/cli/bench/fetch_lane.hpp"
#include "actors/cli/bench/produce_lane.hpp"
#include "actors/cli/bench/report.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::chrono::milliseconds timeout_of(const cluster& at) { return std::chrono::milliseconds(at.timeout_ms()); }

void add_rates(report& result, std::int64_t records, std::int64_t bytes, const stopwatch& time) {
  const auto seconds = time.seconds();
  result.add("records", "RECORDS", records);
  result.add("bytes", "BYTES", bytes);
  result.add("seconds", "SECONDS", seconds, 3);
  result.add("records_per_s", "RECORDS/S", static_cast<double>(records) / seconds, 0);
  result.add("mb_per_s", "MB/S", static_cast<double>(bytes) / seconds / 1e6, 1);
  result.add("cpu_seconds", "CPU S", time.cpu_seconds(), 3);
}

/// The partitions of each broker, shared out to at most `connections` connections.
std::vector<led_partitions> shared_out(const std::vector<led_partitions>& all, std::size_t connections) {
  std::vector<led_partitions> parts;
  for (const auto& one : all) {
    const auto first = parts.size();
    parts.resize(first + std::min(connections, one.partitions.size()), {one.leader, {}});
    for (std::size_t i = 0; i < one.partitions.size(); ++i)
      parts[first + i % (parts.size() - first)].partitions.push_back(one.partitions[i]);
  }
  return parts;
}

}  // namespace

int run_produce(cluster& at, const produce_options& wanted, const output& to) {
  const auto where = leaders_of_new(at, wanted.topic, wanted.partitions);
  const auto value_bytes = static_cast<std::size_t>(wanted.size);
  produce_load load{wanted.topic, records_within(static_cast<std::size_t>(wanted.batch_bytes), value_bytes), 0,
                    value_bytes, wanted.acks, wanted.is_idempotent, timeout_of(at), now_ms()};
  load.records_per_batch = static_cast<std::int32_t>(std::min<std::int64_t>(load.records_per_batch, wanted.records));
  const auto batches = (wanted.records + load.records_per_batch - 1) / load.records_per_batch;
  load.records_in_last = static_cast<std::int32_t>(wanted.records - (batches - 1) * load.records_per_batch);

  produced sum;
  lanes all;
  schedule when(batches, wanted.rate / load.records_per_batch);
  for (std::size_t i = 0; i < static_cast<std::size_t>(wanted.connections); ++i)
    for (const auto& one : where)
      all.push_back(std::make_unique<produce_lane>(load, one, i, static_cast<std::size_t>(wanted.in_flight), when, sum));
  const auto show = to.progress("records", static_cast<std::size_t>(wanted.records));
  const stopwatch time;
  when.start(clock::now());
  run_load(all, load.timeout, [&] { show(static_cast<std::size_t>(sum.records)); });
  show(static_cast<std::size_t>(wanted.records));

  report result;
  result.add("topic", "TOPIC", wanted.topic);
  result.add("partitions", "PARTITIONS", static_cast<std::int64_t>(partitions_in(where)));
  add_rates(result, sum.records, sum.bytes, time);
  result.add("ack_ms", "ack", sum.acks);
  result.print(to);
  return 0;
}

int run_consume(cluster& at, const consume_options& wanted, const output& to) {
  const auto where = leaders_of(at, wanted.topic);
  fetched sum;
  std::int64_t total = 0;
  for (const auto& [partition, range] : ranges_of(at, wanted.topic, where)) {
    const auto from = wanted.offset < 0 ? range.start : wanted.offset;
    sum.positions[partition] = {from, range.end, clock::now()};
    total += std::max<std::int64_t>(range.end - from, 0);
  }
  const fetch_load load{wanted.topic, wanted.max_bytes, wanted.partition_max_bytes, 500, wanted.checks_crcs,
                        timeout_of(at)};
  lanes all;
  for (const auto& one : shared_out(where, static_cast<std::size_t>(wanted.connections)))
    all.push_back(std::make_unique<fetch_lane>(load, one, static_cast<std::size_t>(wanted.in_flight), sum));
  const auto show = to.progress("records", static_cast<std::size_t>(total));
  const stopwatch time;
  run_load(all, load.timeout, [&] { show(static_cast<std::size_t>(sum.records)); });
  show(static_cast<std::size_t>(total));

  report result;
  result.add("topic", "TOPIC", wanted.topic);
  result.add("partitions", "PARTITIONS", static_cast<std::int64_t>(partitions_in(where)));
  add_rates(result, sum.records, sum.bytes, time);
  result.add("fetch_ms", "fetch", sum.fetches);
  result.print(to);
  return 0;
}

}  // namespace tidegate::cli::bench
