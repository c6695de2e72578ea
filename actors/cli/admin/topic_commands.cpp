#include "actors/cli/admin/topic_commands.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"
#include "actors/cli/admin/topic_reports.hpp"

#include <algorithm>
#include <ostream>

namespace tidegate::cli {

namespace {

/// The reports of topics that are there; the others are lines on stderr.
std::vector<topic_report> report_topics(cluster& at, const std::vector<std::string>& names, const output& to,
                                        bool& all_there) {
  auto topics = at.topics(names);
  std::vector<std::string> there;
  for (const auto& one : topics) {
    if (one.error.empty())
      there.push_back(one.topic);
    else
      to.report(one.topic + ": " + one.error);
    all_there &= one.error.empty();
  }
  std::erase_if(topics, [](const topic_metadata& one) { return !one.error.empty(); });
  auto configs = changed_configs(at, there);
  const auto logs = log_ranges_of(at, topics);
  std::vector<topic_report> reports;
  for (auto& one : topics) {
    topic_report report{std::move(one), {}, {}};
    const auto& name = report.about.topic;
    for (const auto& p : report.about.partitions)
      if (const auto log = logs.find({name, p.partition}); log != logs.end()) report.logs[p.partition] = log->second;
    if (!configs[name].error.empty()) to.report(name + ": its configs: " + configs[name].error);
    all_there &= configs[name].error.empty();
    report.configs = std::move(configs[name].changed);
    reports.push_back(std::move(report));
  }
  return reports;
}

void alter(cluster& at, const topic_changes& wanted) {
  const bool has_both = wanted.partitions > 0 && !wanted.configs.empty();
  if (has_both) {  // where one of them is refused, the other is not done
    alter_configs(at, wanted.topic, wanted.configs, true);
    add_partitions(at, wanted.topic, wanted.partitions, true);
  }
  // Partitions last: should that fail after all, the same command may be repeated.
  if (!wanted.configs.empty()) alter_configs(at, wanted.topic, wanted.configs, false);
  if (wanted.partitions > 0) add_partitions(at, wanted.topic, wanted.partitions, false);
}

int tell(const std::string& what, const std::string& topic, const output& to) {
  if (!to.is_json) {
    to.out << what << " topic " << printable(topic) << '\n';
    return 0;
  }
  json_list document("topics");
  document.add({{"topic", json_text(topic)}, {what, true}});
  document.print(to.out);
  return 0;
}

}  // namespace

int run_topic_list(cluster& at, bool names_only, const output& to) {
  const auto topics = at.all_topics();
  if (names_only && !to.is_json) {
    for (const auto& one : topics) to.out << printable(one.topic) << '\n';
    return 0;
  }
  const auto logs = log_ranges_of(at, topics);
  std::vector<topic_total> totals;
  for (const auto& one : topics) totals.push_back(total_of(one, logs));
  if (!to.is_json) return print_totals(to.out, totals), 0;
  json_list document("topics");
  for (const auto& one : totals) document.add(to_json(one));
  document.print(to.out);
  return 0;
}

int run_topic_describe(cluster& at, const std::vector<std::string>& topics, const output& to) {
  bool all_there = true;
  const auto reports = report_topics(at, topics, to, all_there);
  json_list document("topics");
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (to.is_json) {
      document.add(to_json(reports[i]));
      continue;
    }
    if (i > 0) to.out << '\n';
    print_topic(to.out, reports[i]);
  }
  if (to.is_json) document.print(to.out);
  return all_there ? 0 : 1;
}

int run_topic_create(cluster& at, const new_topic& wanted, const output& to) {
  create_topic(at, wanted);
  return tell("created", wanted.topic, to);
}

int run_topic_alter(cluster& at, const topic_changes& wanted, const output& to) {
  alter(at, wanted);
  return tell("altered", wanted.topic, to);
}

int run_topic_delete(cluster& at, const std::vector<std::string>& topics, const output& to) {
  auto names = topics;
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  json_list document("topics");
  bool all_gone = true;
  for (const auto& one : delete_topics(at, names)) {
    const bool is_gone = one.error.empty();
    all_gone &= is_gone;
    if (!is_gone) to.report(one.name + ": " + one.error);
    if (to.is_json)
      document.add({{"topic", json_text(one.name)}, {"deleted", is_gone}, {"error", json_text(one.error)}});
    else if (is_gone)
      to.out << "deleted topic " << printable(one.name) << '\n';
  }
  if (to.is_json) document.print(to.out);
  return all_gone ? 0 : 1;
}

}  // namespace tidegate::cli
