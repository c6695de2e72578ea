#include "smq/topics/topic_info.hpp"

#include "smq/json_cursor.hpp"
#include "smq/layout.hpp"

namespace tidegate::smq {

namespace {

bool is_topic_state(std::uint8_t value) {
  return value >= static_cast<std::uint8_t>(topic_state::live) && value <= static_cast<std::uint8_t>(topic_state::gone);
}

bool is_creation_second(std::int64_t value) { return value >= 0 && value <= last_creation_second; }

}  // namespace

std::string encode_name_record(const name_record& record) {
  layout_writer out;
  out.u8(name_record_version);
  out.u8(static_cast<std::uint8_t>(record.state));
  out.id(record.topic_id);
  out.i64(record.creation_second);
  out.id(record.transaction_id);
  out.text(record.name);
  return out.take();
}

std::optional<name_record> decode_name_record(std::string_view content) {
  layout_reader in(content);
  if (in.u8() != name_record_version) return std::nullopt;
  const auto state = in.u8();
  name_record record;
  record.topic_id = in.id();
  record.creation_second = in.i64();
  record.transaction_id = in.id();
  record.name = in.text();
  if (!in.good() || !is_topic_state(state) || !is_creation_second(record.creation_second)) return std::nullopt;
  record.state = static_cast<topic_state>(state);
  return record;
}

std::optional<std::string> encode_topic_entry(const topic_info& topic) {
  layout_writer out;
  out.u8(topic_entry_version);
  out.u8(static_cast<std::uint8_t>(topic.format));
  out.id(topic.id);
  out.i64(topic.creation_second);
  out.i32(topic.partitions);
  out.i32(topic.span_seconds);
  out.text(topic.name);
  out.count(topic.configs.size());
  for (const auto& [key, value] : topic.configs) {
    out.text(key);
    out.text(value);
  }
  if (!out.good()) return std::nullopt;
  return out.take();
}

std::optional<topic_info> decode_topic_entry(std::string_view content) {
  layout_reader in(content);
  if (in.u8() != topic_entry_version) return std::nullopt;
  if (in.u8() != static_cast<std::uint8_t>(topic_format::batch)) return std::nullopt;
  topic_info topic;
  topic.id = in.id();
  topic.creation_second = in.i64();
  topic.partitions = in.i32();
  topic.span_seconds = in.i32();
  topic.name = in.text();
  for (auto left = in.count(4); left > 0 && in.good(); --left) {
    auto key = in.text();
    topic.configs[std::move(key)] = in.text();
  }
  const bool sane = topic.partitions >= 1 && topic.partitions <= most_partitions && topic.span_seconds >= 1;
  if (!in.good() || !sane || !is_creation_second(topic.creation_second)) return std::nullopt;
  return topic;
}

namespace {

constexpr std::string_view assignments_field = "brokerPartitionAssignments";
constexpr std::string_view assignments_proto_field = "broker_partition_assignments";  // protojson takes both

std::string assignments_of(const topic_info& topic) {
  const auto ring = std::to_string(ring_size_for(topic.partitions));
  const auto created_ns = std::to_string(topic.creation_second * 1'000'000'000);
  std::string out = "[";
  for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
    const auto start = partition * slots_per_partition;
    out += partition == 0 ? "\n" : ",\n";
    out += "    {\n      \"partition\": {\n        \"ringSize\": " + ring;
    out += ",\n        \"rangeStart\": " + std::to_string(start);
    out += ",\n        \"rangeStop\": " + std::to_string(start + slots_per_partition - 1);
    out += ",\n        \"unixTimeNs\": \"" + created_ns;
    out += "\"\n      },\n      \"leaderBroker\": \"\",\n      \"followerBroker\": \"\"\n    }";
  }
  return out + "\n  ]";
}

}  // namespace

std::string make_topic_conf(const topic_info& topic) {
  std::string out = "{\n  \"" + std::string(assignments_field) + "\": " + assignments_of(topic);
  out += ",\n  \"retention\": null,\n  \"messageRecordType\": null,\n  \"keyColumns\": [],\n";
  out += "  \"schemaFormat\": \"\"\n}";
  return out;
}

std::optional<std::string> grow_topic_conf(std::string_view old, const topic_info& topic) {
  json_cursor in(old);
  const auto at = [&] { return old.size() - in.left(); };
  if (!in.take('{')) return std::nullopt;
  const auto first = at();
  std::optional<std::pair<std::size_t, std::size_t>> replaced;  // behind the colon, behind the value
  const bool is_empty = in.take('}');
  if (!is_empty) {
    do {
      const auto name = in.string();
      if (!name || !in.take(':')) return std::nullopt;
      const auto begin = at();
      if (!in.skip_value()) return std::nullopt;
      if (*name != assignments_field && *name != assignments_proto_field) continue;
      if (replaced) return std::nullopt;
      replaced = {begin, at()};
    } while (in.take(','));
  }
  if ((!is_empty && !in.take('}')) || !in.at_end()) return std::nullopt;
  const auto assignments = assignments_of(topic);
  if (replaced)
    return std::string(old.substr(0, replaced->first)) + " " + assignments + std::string(old.substr(replaced->second));
  auto out = std::string(old.substr(0, first)) + "\n  \"" + std::string(assignments_field) + "\": " + assignments;
  return out + (is_empty ? "" : ",") + std::string(old.substr(first));
}

}  // namespace tidegate::smq
