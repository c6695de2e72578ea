#include "actors/cli/bench/bench.hpp"
#include "actors/cli/bench/fetch_lane.hpp"
#include "actors/cli/bench/produce_lane.hpp"
#include "actors/cli/bench/report.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

constexpr std::int64_t most_batch_bytes = std::int64_t{2} << 30;  // in memory: a batch for each connection

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::chrono::milliseconds timeout_of(const cluster& at) { return std::chrono::milliseconds(at.timeout_ms()); }

produce_frame frame_of(const produce_options& wanted, std::chrono::milliseconds timeout, std::int32_t records) {
  return {wanted.topic, wanted.acks, timeout, make_batch(records, static_cast<std::size_t>(wanted.size), now_ms()),
          records};
}

void add_rates(report& result, std::int64_t records, std::int64_t bytes, const stopwatch& time) {
  const auto seconds = std::max(time.seconds(), 1e-9);
  result.add("records", "RECORDS", records);
  result.add("bytes", "BYTES", bytes);
  result.add("seconds", "SECONDS", seconds, 3);
  result.add("records_per_s", "RECORDS/S", static_cast<double>(records) / seconds, 0);
  result.add("mb_per_s", "MB/S", static_cast<double>(bytes) / seconds / 1e6, 1);
  result.add("cpu_seconds", "CPU S", time.cpu_seconds(), 3);
}

/// The partitions of each broker, shared out to at most `connections` connections.
std::vector<led_partitions> shared_out(const std::vector<led_partitions>& all, std::int64_t connections) {
  std::vector<led_partitions> parts;
  for (const auto& one : all)
    for (auto& part : dealt(one.partitions, connections)) parts.push_back({one.leader, std::move(part)});
  return parts;
}

}  // namespace

int run_produce(cluster& at, const produce_options& wanted, const output& to) {
  const auto value_bytes = static_cast<std::size_t>(wanted.size);
  const auto most = records_within(static_cast<std::size_t>(wanted.batch_bytes), value_bytes);
  const auto per_batch = static_cast<std::int32_t>(std::min<std::int64_t>(most, wanted.records));
  const auto batches = (wanted.records + per_batch - 1) / per_batch;
  const auto in_last = static_cast<std::int32_t>(wanted.records - (batches - 1) * per_batch);
  const auto full = frame_of(wanted, timeout_of(at), per_batch);
  const auto connections = static_cast<std::size_t>(wanted.connections);
  if (full.batch_bytes() > most_batch_bytes / wanted.connections)
    throw usage_failure("--connections times --batch-bytes (or --size) is above 2 GiB");

  const auto where = leaders_of_new(at, wanted.topic, wanted.partitions);
  const produce_load load{wanted.topic, full, frame_of(wanted, timeout_of(at), in_last), wanted.is_idempotent,
                          timeout_of(at)};
  produced sum;
  lanes all;
  schedule when(batches, wanted.rate / per_batch);
  for (std::size_t i = 0; i < connections; ++i)
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
    // No broker would be asked for what is not there yet, so none would say so.
    if (from > range.end)
      throw kafka_failure(wanted.topic + "-" + std::to_string(partition) + ": OFFSET_OUT_OF_RANGE: the log ends at " +
                          std::to_string(range.end) + ", before offset " + std::to_string(from));
    sum.positions[partition] = {from, range.end, clock::now()};
    total += std::max<std::int64_t>(range.end - from, 0);
  }
  const fetch_load load{wanted.topic, wanted.max_bytes, wanted.partition_max_bytes, 500, wanted.checks_crcs,
                        timeout_of(at)};
  lanes all;
  for (const auto& one : shared_out(where, wanted.connections))
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
