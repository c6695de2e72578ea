#include "smq/positions/positions.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/layout.hpp"
#include "smq/names.hpp"
#include "smq/positions/position_json.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::uint8_t version_without_checksum = 1;  // still read
constexpr std::size_t queries_per_call = 512;  // about 150 KiB of entries in one answer

position_answer damaged(const entry& e, const std::string& what) {
  position_answer answer;
  answer.code = position_result::damaged;
  answer.reason = what + " in " + e.path;
  return answer;
}

struct pending_read {
  entry_port& entries;
  std::vector<position_query> queries;
  time_point deadline;
  completion<std::vector<position_answer>> done;
  std::vector<position_answer> answers;
};

void interpret_page(pending_read& read, std::size_t count, const result<std::vector<result<entry>>>& found) {
  const bool complete = found.is_ok() && found.value.size() == count;
  for (std::size_t i = 0; i < count; ++i) {
    if (complete) {
      const auto& query = read.queries[read.answers.size()];
      read.answers.push_back(interpret_position(query.place.topic_id, found.value[i]));
    } else {
      read.answers.push_back({position_result::unknown, found.is_ok() ? "short answer" : found.what.reason, {}, 0});
    }
  }
}

void read_next_page(const std::shared_ptr<pending_read>& read) {
  const auto begin = read->answers.size();
  const auto count = std::min(queries_per_call, read->queries.size() - begin);
  if (count == 0) return read->done(std::move(read->answers));
  std::vector<std::string> paths;
  paths.reserve(count);
  for (std::size_t i = begin; i < begin + count; ++i)
    paths.push_back(position_path(read->queries[i].place.partition_directory, read->queries[i].group_id));
  read->entries.get_many(std::move(paths), read->deadline,
                         [read, count](const result<std::vector<result<entry>>>& found) {
                           interpret_page(*read, count, found);
                           read_next_page(read);
                         });
}

}  // namespace

std::optional<std::string> encode_position_attribute(const position_attribute& attribute) {
  layout_writer out{attribute.metadata.size() + 72};
  out.u8(position_version);
  out.i64(attribute.value);
  out.i64(attribute.offset);
  out.i32(attribute.leader_epoch);
  out.id(attribute.topic_id);
  out.id(attribute.incarnation);
  out.u64(attribute.seq);
  out.text(attribute.metadata);
  if (!out.good()) return std::nullopt;
  out.u32(crc32c(as_byte_view(out.written())));
  return out.take();
}

std::optional<position_attribute> decode_position_attribute(std::string_view bytes) {
  layout_reader in(bytes);
  const auto version = in.u8();
  if (version != position_version && version != version_without_checksum) return std::nullopt;
  position_attribute attribute;
  attribute.value = in.i64();
  attribute.offset = in.i64();
  attribute.leader_epoch = in.i32();
  attribute.topic_id = in.id();
  attribute.incarnation = in.id();
  attribute.seq = in.u64();
  attribute.metadata = in.text();
  if (version == version_without_checksum) return in.good() ? std::optional{attribute} : std::nullopt;
  const auto covered = bytes.size() - in.left();
  if (in.u32() != crc32c(as_byte_view(bytes.substr(0, covered))) || !in.good()) return std::nullopt;
  return attribute;
}

std::optional<mutation> make_position_mutation(std::string path, const uuid& topic_id,
                                               const committed_offset& committed, std::int64_t value_ns,
                                               const position_writer& writer) {
  auto attribute = encode_position_attribute({value_ns, committed.offset, committed.leader_epoch, topic_id,
                                              writer.incarnation, writer.seq, committed.metadata});
  if (!attribute) return std::nullopt;
  mutation put;
  put.target.path = std::move(path);
  put.target.content = write_position_json({value_ns, committed.committed_at_ms, committed.metadata});
  put.target.attributes.emplace(position_attribute_name, std::move(*attribute));
  return put;
}

std::optional<mutation> make_position_mutation(const position_place& place, std::string_view group_id,
                                               const committed_offset& committed, std::int64_t value_ns,
                                               const position_writer& writer) {
  return make_position_mutation(position_path(place.partition_directory, group_id), place.topic_id, committed, value_ns,
                                writer);
}

mutation make_position_erasure(const position_place& place, std::string_view group_id) {
  mutation erasure;
  erasure.what = mutation::kind::erase;
  erasure.target.path = position_path(place.partition_directory, group_id);
  return erasure;
}

position_answer interpret_position(const uuid& topic_id, const result<entry>& found) {
  if (found.what.code == status::absent) return {position_result::absent, {}, {}, 0};
  if (!found.is_ok()) {
    const bool is_damaged = found.what.is_damaged || found.what.code == status::refused;  // refused: it is no file
    return {is_damaged ? position_result::damaged : position_result::unknown, found.what.reason, {}, 0};
  }
  const auto json = read_position_json(found.value.content);
  if (!json) return damaged(found.value, "damaged position");
  const committed_offset moved{-1, -1, json->metadata, json->committed_at_ms};
  const auto raw = found.value.attributes.find(position_attribute_name);
  if (raw == found.value.attributes.end()) return {position_result::native, {}, moved, json->value};
  auto attribute = decode_position_attribute(raw->second);
  if (!attribute) return damaged(found.value, why_unreadable(raw->second, position_version) + ": tg.pos");
  // The directory is this topic's alone: whoever brought the file here, what the group committed is not known any more.
  if (attribute->topic_id != topic_id) return damaged(found.value, "position of another topic id");
  if (attribute->value != json->value) return {position_result::native, {}, moved, json->value};
  committed_offset committed{attribute->offset, attribute->leader_epoch, std::move(attribute->metadata),
                             json->committed_at_ms};
  return {position_result::found, {}, std::move(committed), 0};
}

void read_positions(entry_port& entries, std::vector<position_query> queries, time_point deadline,
                    completion<std::vector<position_answer>> done) {
  auto read = std::make_shared<pending_read>(pending_read{entries, std::move(queries), deadline, std::move(done), {}});
  read->answers.reserve(read->queries.size());
  read_next_page(read);
}

}  // namespace tidegate::smq
