#include "smq/census.hpp"

#include "smq/entry_path.hpp"
#include "smq/names.hpp"
#include "smq/positions/group_entry.hpp"
#include "smq/positions/position_json.hpp"
#include "smq/positions/positions.hpp"
#include "smq/segments/partition_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"
#include "smq/topics/topic_info.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

bool is_good_position(const entry& e) {
  if (!read_position_json(e.content)) return false;
  const auto exact = e.attributes.find(position_attribute_name);
  return exact == e.attributes.end() || decode_position_attribute(exact->second).has_value();
}

}  // namespace

bool census::is_good_segment(const entry& e, const std::string& directory) {
  const auto attributes = decode_segment_attributes(e.attributes);
  if (!attributes) return false;
  partitions_[directory].segments.push_back({attributes->base_offset, attributes->next_offset});
  ++counts_.segments;
  for (const auto& c : e.chunks) counts_.segment_bytes += c.size;
  return true;
}

void census::add(const entry& e, const std::function<void(problem_report)>& report) {
  const auto slash = e.path.rfind('/');
  const auto directory = e.path.substr(0, slash);
  const auto name = e.path.substr(slash + 1);
  bool is_good = true;
  std::string_view stored = e.content;
  std::uint8_t newest = 0xff;  // version of `stored` that we write
  if (directory == names_directory()) {
    const auto topic = decode_name_record(e.content);
    is_good = topic.has_value();
    newest = name_record_version;
    if (topic && topic->state == topic_state::live) ++counts_.topics;
  } else if (directory == groups_directory()) {
    const auto group = decode_group_entry(e.content);
    is_good = group.has_value();
    newest = group_entry_version;
    if (group && !group->deleted) ++counts_.groups;
  } else if (name_of(directory) == positions_name && name.ends_with(position_suffix)) {
    is_good = is_good_position(e);
    const auto exact = e.attributes.find(position_attribute_name);
    stored = exact == e.attributes.end() ? std::string_view{} : exact->second;
    newest = position_version;
    ++counts_.positions;
  } else if (name == partition_entry_name) {
    auto found = decode_partition_entry(e.content);
    is_good = found.has_value();
    newest = partition_entry_version;
    partitions_[directory].entry = std::move(found);
    ++counts_.partitions;
  } else if (name == topic_entry_name) {
    is_good = decode_topic_entry(e.content).has_value();
    newest = topic_entry_version;
    ++counts_.others;
  } else if (parse_segment_name(name)) {
    is_good = is_good_segment(e, directory);
    stored = own_attribute(e.attributes);
    newest = segment_attributes_version;
  } else {
    ++counts_.others;
  }
  if (!is_good) report({e.path, "the entry is " + why_unreadable(stored, newest)});
}

void census::finish(const std::function<void(problem_report)>& report) {
  for (auto& [directory, one] : partitions_) {
    if (!one.entry) continue;  // reported, or a log of SMQ's own
    const auto missing = [&](std::int64_t from, std::int64_t to) {
      report({directory, "offsets " + std::to_string(from) + " to " + std::to_string(to - 1) + " are missing"});
    };
    std::sort(one.segments.begin(), one.segments.end(), [](auto a, auto b) { return a.base < b.base; });
    auto next = one.entry->log_start;
    for (const auto& s : one.segments) {
      if (s.next <= one.entry->log_start) continue;
      next = behind_gaps(one.entry->gaps, next);
      if (s.base > next) missing(next, s.base);
      if (s.base < next && next > one.entry->log_start) {
        report({directory, "two files hold offset " + std::to_string(s.base)});
      }
      next = std::max(next, s.next);
    }
    next = behind_gaps(one.entry->gaps, next);
    if (next < one.entry->next_offset) missing(next, one.entry->next_offset);
  }
}

}  // namespace tidegate::smq
