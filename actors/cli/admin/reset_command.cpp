#include "actors/cli/admin/reset_command.hpp"

#include "actors/cli/admin/cluster_groups.hpp"
#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"

#include <algorithm>
#include <ostream>

namespace tidegate::cli {

namespace {

using positions = std::map<topic_partition, std::int64_t>;

[[noreturn]] void refuse(rd_kafka_resp_err_t code, const std::string& text) {
  throw kafka_failure(error_line(code, text.c_str()));
}

std::string words_of(const topic_partition& at) { return at.topic + " " + std::to_string(at.partition); }

/// Kafka moves positions only of groups that nobody is in; a group that does not exist yet is one.
void require_empty(cluster& at, const std::string& group) {
  const auto about = describe_groups(at, {group}, [](std::size_t) {}).at(0);
  if (!about.error.empty() && !about.error.starts_with("GROUP_ID_NOT_FOUND")) throw kafka_failure(about.error);
  if (about.error.empty() && about.state != "Empty" && about.state != "Dead")
    refuse(RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP, group + " is " + about.state + " with " +
                                                std::to_string(about.members.size()) +
                                                " members; positions are moved only while it has none");
}

positions committed_by(cluster& at, const std::string& group) {
  const auto answer = committed_offsets(at, {group}, [](std::size_t) {}).at(0);
  if (!answer.error.empty()) throw kafka_failure(answer.error);
  positions found;
  for (const auto& one : answer.offsets) found[one.at] = one.offset;
  return found;
}

/// The partitions that are meant, with the ends of their logs.
std::map<topic_partition, log_range> chosen_logs(cluster& at, const std::vector<topic_choice>& choices) {
  std::vector<std::string> names;
  for (const auto& one : choices) names.push_back(one.topic);
  const auto topics = at.topics(names);
  for (const auto& one : topics)
    if (!one.error.empty()) throw kafka_failure(one.error + ": " + one.topic);
  const auto logs = log_ranges_of(at, topics);
  std::map<topic_partition, log_range> chosen;
  for (const auto& choice : choices) {
    for (const auto p : choice.partitions)
      if (!logs.contains({choice.topic, p}))
        refuse(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, words_of({choice.topic, p}) + " does not exist");
    for (const auto& [partition, log] : logs)
      if (partition.topic == choice.topic &&
          (choice.partitions.empty() || std::ranges::binary_search(choice.partitions, partition.partition)))
        chosen[partition] = log;
  }
  for (const auto& [partition, log] : chosen)
    if (!log.error.empty()) throw kafka_failure(log.error + ": " + words_of(partition));
  return chosen;
}

std::vector<topic_choice> topics_of(const positions& committed) {
  std::vector<topic_choice> choices;
  for (const auto& [at, offset] : committed) {
    if (choices.empty() || choices.back().topic != at.topic) choices.push_back({at.topic, {}});
    choices.back().partitions.push_back(at.partition);
  }
  return choices;
}

std::vector<reset_step> plan(cluster& at, const group_reset_options& wanted, const positions& committed) {
  const auto logs = chosen_logs(at, wanted.has_all_topics ? topics_of(committed) : wanted.topics);
  std::map<topic_partition, cluster::time_answer> at_time;
  if (wanted.rule.target == reset_target::time) {
    positions times;
    // Times below 0 are the protocol's words for other things.
    for (const auto& [partition, log] : logs) times[partition] = std::max<std::int64_t>(wanted.rule.number, 0);
    at_time = at.offsets_at(times);
  }
  std::vector<reset_step> steps;
  for (const auto& [partition, log] : logs) {
    reset_input input{partition, std::nullopt, log, -1};
    if (const auto known = committed.find(partition); known != committed.end()) input.committed = known->second;
    if (const auto found = at_time.find(partition); found != at_time.end()) {
      if (!found->second.error.empty()) throw kafka_failure(found->second.error + ": " + words_of(partition));
      input.at_time = found->second.offset;
    }
    steps.push_back(plan_reset(wanted.rule, input));
    if (!steps.back().refusal.empty())
      refuse(RD_KAFKA_RESP_ERR__NO_OFFSET, words_of(partition) + ": " + steps.back().refusal);
  }
  return steps;
}

void print(const output& to, const std::vector<reset_step>& steps, const group_reset_options& wanted) {
  text_table table({"TOPIC", ">PARTITION", ">COMMITTED", ">NEW", ">START", ">END", "NOTE"});
  for (const auto& one : steps)
    table.add({one.at.topic, std::to_string(one.at.partition), one.from ? std::to_string(*one.from) : "",
               std::to_string(one.to), std::to_string(one.log.start), std::to_string(one.log.end), one.note});
  table.print(to.out);
  if (!wanted.executes) to.out << "dry run: nothing was changed; --execute does it\n";
}

void print_json(const output& to, const std::vector<reset_step>& steps, const group_reset_options& wanted,
                const std::map<topic_partition, std::string>& failed) {
  boost::json::array partitions;
  for (const auto& one : steps) {
    const auto error = failed.find(one.at);
    partitions.push_back(boost::json::object{
      {"topic", json_text(one.at.topic)},
      {"partition", one.at.partition},
      {"committed", json_number(one.from)},
      {"new", one.to},
      {"log_start", one.log.start},
      {"log_end", one.log.end},
      {"note", json_text(one.note)},
      {"error", json_text(error == failed.end() ? "" : error->second)},
    });
  }
  json_list document("groups");
  document.add({{"group", json_text(wanted.group)},
                {"executed", wanted.executes},
                {"partitions", std::move(partitions)}});
  document.print(to.out);
}

}  // namespace

int run_group_reset(cluster& at, const group_reset_options& wanted, const output& to) {
  if (wanted.group.empty()) refuse(RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, "the group needs a name");
  require_empty(at, wanted.group);
  const auto committed = committed_by(at, wanted.group);
  if (wanted.has_all_topics && committed.empty())
    refuse(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, wanted.group + " has no positions that --all-topics could mean");
  const auto steps = plan(at, wanted, committed);
  std::map<topic_partition, std::string> failed;
  if (wanted.executes && !steps.empty()) {
    positions next;
    for (const auto& one : steps) next[one.at] = one.to;
    failed = set_offsets(at, wanted.group, next);
  }
  if (to.is_json)
    print_json(to, steps, wanted, failed);
  else
    print(to, steps, wanted);
  for (const auto& [partition, error] : failed) to.report(words_of(partition) + ": " + error);
  return failed.empty() ? 0 : 1;
}

}  // namespace tidegate::cli
