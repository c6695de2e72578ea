#include "actors/cli/admin/group_reports.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"
#include "actors/cli/admin/words.hpp"

#include <ostream>

namespace tidegate::cli {

namespace {

std::string number_or_nothing(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "";
}

std::string offset_or_nothing(std::int64_t offset) { return offset < 0 ? "" : std::to_string(offset); }

/// "-" when there is nothing to wait for, "?" when nobody knows.
std::string age_words(bool is_behind, const std::optional<std::int64_t>& age_ms) {
  if (!is_behind) return "-";
  return age_ms ? duration_words(*age_ms) : "?";
}

bool any_note(const std::vector<partition_lag>& lags) {
  for (const auto& one : lags)
    if (!one.note.empty()) return true;
  return false;
}

boost::json::object to_json(const partition_lag& one) {
  const auto known = [](std::int64_t offset) { return offset < 0 ? std::nullopt : std::optional(offset); };
  return {{"topic", json_text(one.at.topic)},
          {"partition", one.at.partition},
          {"committed", json_number(one.committed)},
          {"log_start", json_number(known(one.log.start))},
          {"log_end", json_number(known(one.log.end))},
          {"lag", json_number(one.lag)},
          {"next_record_ms", json_number(one.next_time_ms)},
          {"age_ms", json_number(one.age_ms)},
          {"metadata", json_text(one.metadata)},
          {"member_id", json_text(one.member_id)},
          {"note", json_text(one.note)}};
}

boost::json::object to_json(const group_member& one) {
  boost::json::array partitions;
  for (const auto& at : one.partitions)
    partitions.push_back(boost::json::object{{"topic", json_text(at.topic)}, {"partition", at.partition}});
  return {{"member_id", json_text(one.member_id)},
          {"instance_id", json_text(one.instance_id)},
          {"client_id", json_text(one.client_id)},
          {"host", json_text(one.host)},
          {"partitions", std::move(partitions)}};
}

}  // namespace

std::string partition_words(const std::vector<topic_partition>& partitions) {
  std::string words;
  for (std::size_t i = 0; i < partitions.size();) {
    const auto& topic = partitions[i].topic;
    words += (words.empty() ? "" : ", ") + topic;
    for (const char* before = " "; i < partitions.size() && partitions[i].topic == topic; before = ",") {
      const auto from = i;
      while (i + 1 < partitions.size() && partitions[i + 1].topic == topic &&
             partitions[i + 1].partition == partitions[i].partition + 1)
        ++i;
      words += before + std::to_string(partitions[from].partition);
      if (i > from) words += "-" + std::to_string(partitions[i].partition);
      ++i;
    }
  }
  return words;
}

void print_groups(std::ostream& out, const std::vector<group_listing>& groups) {
  text_table table({"GROUP", "STATE", "TYPE"});
  for (const auto& one : groups) table.add({one.group, one.state, one.is_simple ? "simple" : "consumer"});
  table.print(out);
}

void print_group(std::ostream& out, const group_report& group) {
  const auto& about = group.about;
  out << "group " << printable(about.group) << "  state " << about.state;
  if (!about.protocol.empty()) out << "  protocol " << printable(about.protocol);
  if (!about.coordinator.empty()) out << "  coordinator " << printable(about.coordinator);
  out << '\n';
  text_table members({"MEMBER", "CLIENT", "INSTANCE", "HOST", "PARTITIONS"});
  for (const auto& one : about.members)
    members.add({one.member_id, one.client_id, one.instance_id, one.host, partition_words(one.partitions)});
  if (!members.is_empty()) members.print(out, "  ");
  std::vector<std::string> titles = {"TOPIC", ">PARTITION", ">COMMITTED", ">START", ">END", ">LAG", ">AGE", "METADATA"};
  const bool has_notes = any_note(group.lags);
  if (has_notes) titles.emplace_back("NOTE");
  text_table partitions(titles);
  for (const auto& one : group.lags) {
    std::vector<std::string> row = {one.at.topic, std::to_string(one.at.partition), number_or_nothing(one.committed),
                                    offset_or_nothing(one.log.start), offset_or_nothing(one.log.end),
                                    number_or_nothing(one.lag), age_words(one.lag.value_or(0) > 0, one.age_ms),
                                    one.metadata};
    if (has_notes) row.push_back(one.note);
    partitions.add(std::move(row));
  }
  if (!partitions.is_empty()) partitions.print(out, "  ");
}

void print_totals(std::ostream& out, const std::vector<group_lag>& totals, bool with_age) {
  std::vector<std::string> titles = {"GROUP", "STATE", ">PARTITIONS", ">LAG", ">UNKNOWN"};
  if (with_age) titles.emplace_back(">AGE");
  text_table table(titles);
  for (const auto& one : totals) {
    std::vector<std::string> row = {one.group, one.state, std::to_string(one.partitions), std::to_string(one.lag),
                                    std::to_string(one.unknown)};
    if (with_age) row.push_back(age_words(one.is_behind, one.age_ms));
    table.add(std::move(row));
  }
  table.print(out);
}

boost::json::object to_json(const group_listing& group) {
  return {{"group", json_text(group.group)}, {"state", json_text(group.state)}, {"simple", group.is_simple}};
}

boost::json::object to_json(const group_report& group) {
  boost::json::array members, partitions;
  for (const auto& one : group.about.members) members.push_back(to_json(one));
  for (const auto& one : group.lags) partitions.push_back(to_json(one));
  return {{"group", json_text(group.about.group)},
          {"state", json_text(group.about.state)},
          {"protocol", json_text(group.about.protocol)},
          {"coordinator", json_text(group.about.coordinator)},
          {"members", std::move(members)},
          {"partitions", std::move(partitions)}};
}

boost::json::object to_json(const group_lag& total) {
  return {{"group", json_text(total.group)}, {"state", json_text(total.state)},
          {"partitions", total.partitions},  {"lag", total.lag},
          {"unknown", total.unknown},        {"age_ms", json_number(total.age_ms)}};
}

}  // namespace tidegate::cli
