#include "smq/topics/topic_info.hpp"

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

/// Finds the assignments in a JSON object. It looks at strings and brackets only: what is between them stays as it is.
class conf_scan {
 public:
  explicit conf_scan(std::string_view text) : text_(text) {}

  /// False: no whole object.
  bool run() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      if (open_.empty() && !is_blank && (c != '{' || is_closed_)) return false;
      if (!take(c)) return false;
      if (open_.size() == 1 && c != '{' && !is_blank) is_empty = false;
    }
    return is_closed_;
  }

  std::size_t first = 0;                      // behind the opening bracket
  std::size_t begin = std::string_view::npos;  // of the value of the assignments; npos: there are none
  std::size_t end = std::string_view::npos;
  bool is_empty = true;

 private:
  bool take(char c) {
    if (c == '"') return take_string();
    if (c == '{' || c == '[') {
      if (open_.empty()) first = at_ + 1;
      open_.push_back(c);
    } else if (c == '}' || c == ']') {
      if (open_.back() != (c == '}' ? '{' : '[')) return false;
      if (open_.size() == 1) end_value();
      open_.pop_back();
      is_closed_ = open_.empty();
    } else if (open_.size() == 1 && c == ',') {
      end_value();
    } else if (open_.size() == 1 && c == ':' && begin == std::string_view::npos) {
      if (string_ == assignments_field || string_ == assignments_proto_field) begin = at_ + 1;
    }
    return true;
  }

  bool take_string() {
    const auto start = at_ + 1;
    for (at_ = start; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ >= text_.size()) return false;
    string_ = text_.substr(start, at_ - start);
    return true;
  }

  void end_value() {
    if (begin != std::string_view::npos && end == std::string_view::npos) end = at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;          // brackets
  std::string_view string_;   // the last one
  bool is_closed_ = false;
};

}  // namespace

std::string make_topic_conf(const topic_info& topic) {
  std::string out = "{\n  \"" + std::string(assignments_field) + "\": " + assignments_of(topic);
  out += ",\n  \"retention\": null,\n  \"messageRecordType\": null,\n  \"keyColumns\": [],\n";
  out += "  \"schemaFormat\": \"\"\n}";
  return out;
}

std::optional<std::string> grow_topic_conf(std::string_view old, const topic_info& topic) {
  conf_scan found(old);
  if (!found.run()) return std::nullopt;
  const auto assignments = assignments_of(topic);
  if (found.begin != std::string_view::npos)
    return std::string(old.substr(0, found.begin)) + " " + assignments + std::string(old.substr(found.end));
  auto out = std::string(old.substr(0, found.first)) + "\n  \"" + std::string(assignments_field) + "\": " + assignments;
  return out + (found.is_empty ? "" : ",") + std::string(old.substr(found.first));
}

}  // namespace tidegate::smq
