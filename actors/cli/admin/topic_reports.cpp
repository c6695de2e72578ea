#include "actors/cli/admin/topic_reports.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"
#include "messages/common/utf8.hpp"

#include <ostream>

namespace tidegate::cli {

namespace {

std::string list_words(const std::vector<std::int32_t>& nodes) {
  std::string words;
  for (const auto node : nodes) words += (words.empty() ? "" : ",") + std::to_string(node);
  return words;
}

log_range log_of(const topic_report& topic, std::int32_t partition) {
  const auto found = topic.logs.find(partition);
  return found == topic.logs.end() ? log_range{} : found->second;
}

std::optional<std::int64_t> known(std::int64_t offset) { return offset < 0 ? std::nullopt : std::optional(offset); }

}  // namespace

topic_total total_of(const topic_metadata& topic, const std::map<topic_partition, log_range>& logs) {
  topic_total total{topic.topic, static_cast<std::int64_t>(topic.partitions.size()), 0, 0, 0};
  for (const auto& one : topic.partitions) {
    const auto log = logs.find({topic.topic, one.partition});
    if (log == logs.end() || !log->second.error.empty()) {
      ++total.unknown;
      continue;
    }
    total.start += log->second.start;
    total.end += log->second.end;
  }
  return total;
}

void print_totals(std::ostream& out, const std::vector<topic_total>& totals) {
  text_table table({"TOPIC", ">PARTITIONS", ">RECORDS", ">START", ">END", ">UNKNOWN"});
  for (const auto& one : totals)
    table.add({one.topic, std::to_string(one.partitions), std::to_string(one.end - one.start),
               std::to_string(one.start), std::to_string(one.end), std::to_string(one.unknown)});
  table.print(out);
}

void print_topic(std::ostream& out, const topic_report& topic) {
  out << "topic " << printable(topic.about.topic) << "  partitions " << topic.about.partitions.size() << '\n';
  for (const auto& [name, value] : topic.configs) out << "  " << printable(name) << '=' << printable(value) << '\n';
  text_table table({">PARTITION", ">LEADER", "REPLICAS", "IN-SYNC", ">START", ">END", ">RECORDS", "NOTE"});
  for (const auto& one : topic.about.partitions) {
    const auto log = log_of(topic, one.partition);
    const bool is_known = log.start >= 0;
    table.add({std::to_string(one.partition), one.leader < 0 ? "" : std::to_string(one.leader),
               list_words(one.replicas), list_words(one.in_sync), is_known ? std::to_string(log.start) : "",
               is_known ? std::to_string(log.end) : "", is_known ? std::to_string(log.end - log.start) : "",
               log.error});
  }
  table.print(out, "  ");
}

boost::json::object to_json(const topic_total& total) {
  return {{"topic", json_text(total.topic)},      {"partitions", total.partitions},
          {"records", total.end - total.start}, {"log_start", total.start},
          {"log_end", total.end},               {"unknown", total.unknown}};
}

boost::json::object to_json(const topic_report& topic) {
  boost::json::array partitions;
  for (const auto& one : topic.about.partitions) {
    const auto log = log_of(topic, one.partition);
    partitions.push_back(boost::json::object{
      {"partition", one.partition},
      {"leader", json_number(known(one.leader))},
      {"replicas", boost::json::array(one.replicas.begin(), one.replicas.end())},
      {"in_sync", boost::json::array(one.in_sync.begin(), one.in_sync.end())},
      {"log_start", json_number(known(log.start))},
      {"log_end", json_number(known(log.end))},
      {"records", json_number(log.start < 0 ? std::nullopt : std::optional(log.end - log.start))},
      {"error", json_text(log.error)},
    });
  }
  boost::json::object configs;
  for (const auto& [name, value] : topic.configs) configs[well_formed_utf8(name)] = json_text(value);
  return {{"topic", json_text(topic.about.topic)},
          {"partitions", std::move(partitions)},
          {"configs", std::move(configs)}};
}

}  // namespace tidegate::cli
