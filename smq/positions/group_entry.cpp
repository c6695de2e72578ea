#include "smq/positions/group_entry.hpp"

#include "smq/entry_path.hpp"
#include "smq/layout.hpp"
#include "smq/names.hpp"

#include <utility>

namespace tidegate::smq {

namespace {

// The second byte. Unknown bits are ignored, so that an older version reads what a newer one wrote.
constexpr std::uint8_t deleted_flag = 1;
constexpr std::uint8_t assigned_flag = 2;
// What an element takes at least: bounds every count before anything is reserved.
constexpr std::size_t smallest_protocol = 2 + 4;
constexpr std::size_t smallest_member = 2 + 1 + 2 + 2 + 4 + 4 + 4 + 4;
constexpr std::size_t smallest_topic = 16 + 2 + 4;

std::uint8_t flags_of(const group_metadata& group) {
  return static_cast<std::uint8_t>((group.deleted ? deleted_flag : 0) | (group.is_assigned ? assigned_flag : 0));
}

void write_member(layout_writer& out, const group_member& member) {
  out.text(member.member_id);
  out.u8(member.instance_id ? 1 : 0);
  if (member.instance_id) out.text(*member.instance_id);
  out.text(member.client_id);
  out.text(member.client_host);
  out.i32(member.session_timeout_ms);
  out.i32(member.rebalance_timeout_ms);
  out.count(member.protocols.size());
  for (const auto& protocol : member.protocols) {
    out.text(protocol.name);
    out.blob(as_text(protocol.metadata));
  }
  out.blob(as_text(member.assignment));
}

byte_buffer read_blob(layout_reader& in) {
  const auto bytes = as_byte_view(in.blob());
  return {bytes.begin(), bytes.end()};
}

group_member read_member(layout_reader& in) {
  group_member member;
  member.member_id = in.text();
  const auto has_instance_id = in.u8();
  if (has_instance_id > 1) in.fail();
  if (has_instance_id == 1) member.instance_id = in.text();
  member.client_id = in.text();
  member.client_host = in.text();
  member.session_timeout_ms = in.i32();
  member.rebalance_timeout_ms = in.i32();
  const auto protocols = in.count(smallest_protocol);
  member.protocols.reserve(protocols);
  for (std::size_t i = 0; i < protocols && in.good(); ++i) {
    auto name = in.text();
    member.protocols.push_back({std::move(name), read_blob(in)});
  }
  member.assignment = read_blob(in);
  return member;
}

group_topic read_topic(layout_reader& in) {
  group_topic topic;
  topic.topic_id = in.id();
  topic.topic = in.text();
  const auto partitions = in.count(sizeof(std::int32_t));
  topic.partitions.reserve(partitions);
  for (std::size_t i = 0; i < partitions; ++i) topic.partitions.push_back(in.i32());
  return topic;
}

void read_members(layout_reader& in, group_metadata& group) {
  for (auto left = in.count(smallest_member); left > 0 && in.good(); --left) {
    auto member = read_member(in);
    auto id = member.member_id;
    if (!group.members.emplace(std::move(id), std::move(member)).second) in.fail();
  }
}

}  // namespace

std::optional<std::string> encode_group_entry(const group_metadata& group) {
  layout_writer out;
  out.u8(group_entry_version);
  out.u8(flags_of(group));
  out.text(group.group_id);
  out.i32(group.generation);
  out.text(group.protocol_type);
  out.text(group.protocol_name);
  out.text(group.leader);
  out.i64(group.empty_since_ms);
  out.count(group.members.size());
  for (const auto& [id, member] : group.members) write_member(out, member);
  out.count(group.topics.size());
  for (const auto& topic : group.topics) {
    out.id(topic.topic_id);
    out.text(topic.topic);
    out.count(topic.partitions.size());
    for (auto partition : topic.partitions) out.i32(partition);
  }
  if (!out.good()) return std::nullopt;
  return out.take();
}

std::optional<group_metadata> decode_group_entry(std::string_view content) {
  layout_reader in(content);
  if (in.u8() != group_entry_version) return std::nullopt;
  group_metadata group;
  const auto flags = in.u8();
  group.deleted = (flags & deleted_flag) != 0;
  group.is_assigned = (flags & assigned_flag) != 0;
  group.group_id = in.text();
  group.generation = in.i32();
  group.protocol_type = in.text();
  group.protocol_name = in.text();
  group.leader = in.text();
  group.empty_since_ms = in.i64();
  read_members(in, group);
  const auto topics = in.count(smallest_topic);
  group.topics.reserve(topics);
  for (std::size_t i = 0; i < topics && in.good(); ++i) group.topics.push_back(read_topic(in));
  if (!in.good()) return std::nullopt;
  return group;
}

std::optional<mutation> make_group_mutation(const group_metadata& group) {
  auto content = encode_group_entry(group);
  if (!content) return std::nullopt;
  mutation put;
  put.target.path = group_entry_path(group.group_id);
  put.target.content = std::move(*content);
  return put;
}

void read_group(entry_port& entries, const std::string& group_id, time_point deadline, completion<group_answer> done) {
  auto on_entry = [group_id, done = std::move(done)](const result<entry>& found) {
    if (found.what.code == status::absent) return done({group_result::absent, {}, {}});
    if (!found.is_ok()) return done({group_result::error, found.what.reason, {}, found.what.is_damaged});
    auto group = decode_group_entry(found.value.content);
    // The original id is compared because long ids are hashed into their names.
    if (!group || group->group_id != group_id)
      return done({group_result::error,
                   why_unreadable(found.value.content, group_entry_version) + ": entry " + group_entry_path(group_id),
                   {}, true});
    done({group_result::found, {}, std::move(*group)});
  };
  entries.get(group_entry_path(group_id), deadline, std::move(on_entry));
}

void list_groups(entry_port& entries, const std::string& after, std::size_t limit, time_point deadline,
                 completion<result<group_page>> done) {
  auto on_page = [done = std::move(done)](const result<list_page>& found) {
    if (!found.is_ok()) return done({found.what, {}});
    group_page page;
    for (const auto& e : found.value.entries) {
      page.next = name_of(e.path);
      auto group = decode_group_entry(e.content);
      if (!group || group_entry_path(group->group_id) != e.path) {
        page.unreadable.push_back(e.path);
      } else if (!group->deleted) {
        page.groups.push_back(std::move(*group));
      }
    }
    page.more = found.value.more && !found.value.entries.empty();
    done({{}, std::move(page)});
  };
  entries.list(groups_directory(), after, limit, false, deadline, std::move(on_page));
}

}  // namespace tidegate::smq
