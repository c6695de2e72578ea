#include "actors/cli/bench/bench.hpp"
#include "actors/cli/bench/fill_lane.hpp"
#include "actors/cli/bench/first_record_lane.hpp"
#include "actors/cli/bench/report.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

// Of groups that are on their way at the same time: 4 bytes each.
constexpr std::int64_t most_partitions_at_once = 100'000'000;

struct resume_load {
  resume_plan plan;
  record_fetch fetch;
  std::int64_t connections = 1;
  std::size_t in_flight = 1;
  std::vector<led_partitions> where;
  std::map<broker_address, std::vector<std::string>> groups;  // by coordinator
  std::size_t group_count = 0;
};

/// Lanes of one kind with the groups of each coordinator.
template <class Lane, class Sum>
void add_group_lanes(lanes& all, const resume_load& load, Sum& sum) {
  for (const auto& [coordinator, groups] : load.groups)
    for (auto& part : dealt(groups, load.connections))
      all.push_back(std::make_unique<Lane>(load.plan, coordinator, std::move(part), load.in_flight, sum));
}

/// Writes the records that are not there yet; how many.
std::int64_t fill(cluster& at, const resume_load& load, const output& to) {
  log_ends ends;
  std::int64_t missing = 0;
  for (const auto& [partition, range] : ranges_of(at, load.plan.topic, load.where)) {
    if (range.start > 0)
      throw kafka_failure(load.plan.topic + "-" + std::to_string(partition) + ": begins at offset " +
                          std::to_string(range.start) + "; groups leave where records from offset 0 on are");
    ends[partition] = range.end;
    missing += std::max<std::int64_t>(load.plan.records - range.end, 0);
  }
  std::int64_t written = 0;
  lanes all;
  for (const auto& one : load.where) all.push_back(std::make_unique<fill_lane>(load.plan, one, ends, written));
  const auto show = to.progress("records", static_cast<std::size_t>(missing));
  run_load(all, load.plan.timeout, [&] { show(static_cast<std::size_t>(written)); });
  show(static_cast<std::size_t>(missing));
  return written;
}

void leave(const resume_load& load, report& result, const output& to) {
  left_groups sum;
  lanes all;
  add_group_lanes<leave_lane>(all, load, sum);
  const auto show = to.progress("groups that leave", load.group_count);
  const stopwatch time;
  run_load(all, load.plan.timeout, [&] { show(static_cast<std::size_t>(sum.groups)); });
  show(load.group_count);
  const auto seconds = std::max(time.seconds(), 1e-9);
  result.add("leave_seconds", "LEAVE S", seconds, 3);
  result.add("groups_left_per_s", "LEFT/S", static_cast<double>(sum.groups) / seconds, 0);
  result.add("commit_ms", "commit", sum.commits);
}

void come_back(const resume_load& load, report& result, const output& to) {
  returned_groups sum;
  sum.without_positions = load.group_count;
  lanes all;
  add_group_lanes<position_lane>(all, load, sum);
  for (const auto& one : load.where) {
    auto& connections = sum.leaders.emplace_back();
    for (std::int64_t i = 0; i < load.connections; ++i) {
      auto made = std::make_unique<first_record_lane>(load.plan, load.fetch, one, load.in_flight, sum);
      connections.push_back(made.get());
      all.push_back(std::move(made));
    }
  }
  const auto show = to.progress("groups that come back", load.group_count);
  const stopwatch time;
  run_load(all, load.plan.timeout, [&] { show(static_cast<std::size_t>(sum.groups)); });
  show(load.group_count);
  const auto seconds = std::max(time.seconds(), 1e-9);
  result.add("seconds", "SECONDS", seconds, 3);
  result.add("groups_per_s", "GROUPS/S", static_cast<double>(sum.groups) / seconds, 0);
  result.add("position_ms", "positions", sum.positions);
  result.add("first_record_ms", "first record", sum.first_records);
  result.add("group_ms", "whole group", sum.whole);
}

resume_load load_of(cluster& at, const resume_options& wanted) {
  resume_load load;
  load.plan = {wanted.topic, wanted.partitions, wanted.records, static_cast<std::size_t>(wanted.size),
               std::chrono::milliseconds(at.timeout_ms())};
  load.fetch = {wanted.max_bytes, wanted.partition_max_bytes};
  load.connections = std::min(wanted.connections, wanted.groups);
  load.in_flight = static_cast<std::size_t>(wanted.in_flight);
  const topic_settings for_ever{{"retention.ms", "-1"}, {"retention.bytes", "-1"}};
  load.where = wanted.leaves ? leaders_of_new(at, wanted.topic, wanted.partitions, for_ever)
                             : leaders_of(at, wanted.topic, wanted.partitions);
  std::vector<std::string> groups;
  for (std::int64_t i = 0; i < wanted.groups; ++i) groups.push_back(wanted.group_prefix + std::to_string(i));
  load.group_count = groups.size();
  load.groups = coordinators_of(at, groups);
  return load;
}

}  // namespace

int run_resume(cluster& at, const resume_options& wanted, const output& to) {
  if (std::min(wanted.connections * wanted.in_flight, wanted.groups) > most_partitions_at_once / wanted.partitions)
    throw usage_failure("--connections times --in-flight times --partitions is above 100000000");
  const auto load = load_of(at, wanted);
  report result;
  result.add("topic", "TOPIC", wanted.topic);
  result.add("groups", "GROUPS", wanted.groups);
  result.add("partitions", "PARTITIONS", std::int64_t{wanted.partitions});
  const stopwatch time;
  if (wanted.leaves) {
    result.add("records_written", "WRITTEN", fill(at, load, to));
    leave(load, result, to);
  }
  if (wanted.returns) come_back(load, result, to);
  result.add("cpu_seconds", "CPU S", time.cpu_seconds(), 3);
  result.print(to);
  return 0;
}

}  // namespace tidegate::cli::bench
