#include "actors/cli/admin/lag_collector.hpp"

#include "actors/cli/admin/next_record.hpp"

#include <chrono>

namespace tidegate::cli {

namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void enter_ages(cluster& from, std::vector<lag_answer>& answers, const output& to) {
  std::set<log_position> wanted;
  for (const auto& group : answers)
    for (const auto& one : group.lags)
      if (const auto next = one.reads_next()) wanted.insert({one.at, *next});
  const auto times = record_times(from, wanted, to.progress("records", wanted.size()));
  const auto now = now_ms();
  for (auto& group : answers)
    for (auto& one : group.lags)
      if (const auto next = one.reads_next())
        if (const auto time = times.find({one.at, *next}); time != times.end()) set_age(one, time->second, now);
}

}  // namespace

std::vector<lag_answer> collect_lags(cluster& from, const std::vector<group_description>& groups, bool with_age,
                                     const output& to) {
  std::vector<std::string> names;
  for (const auto& one : groups) names.push_back(one.group);
  const auto offsets = committed_offsets(from, names, to.progress("groups", names.size()));
  std::set<std::string> topics;
  for (const auto& one : offsets)
    for (const auto& committed : one.offsets) topics.insert(committed.at.topic);
  for (const auto& group : groups)
    for (const auto& member : group.members)
      for (const auto& at : member.partitions) topics.insert(at.topic);
  const auto logs = log_ranges_of(from, from.topics({topics.begin(), topics.end()}));
  std::vector<lag_answer> answers;
  for (std::size_t i = 0; i < groups.size(); ++i)
    answers.push_back({offsets[i].error, lags_of(offsets[i].offsets, groups[i].members, logs)});
  if (with_age) enter_ages(from, answers, to);
  return answers;
}

}  // namespace tidegate::cli
