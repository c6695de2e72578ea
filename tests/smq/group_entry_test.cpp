#define CAF_SUITE smq_group_entry

#include "smq/positions/group_entry.hpp"

#include "smq/mappings.hpp"
#include "smq/names.hpp"
#include "smq/positions/positions.hpp"

#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::topics_testing;

namespace {

byte_buffer bytes_of(std::string_view text) {
  auto view = as_byte_view(text);
  return {view.begin(), view.end()};
}

group_metadata sample() {
  group_metadata group;
  group.group_id = "g1";
  group.generation = 3;
  group.protocol_type = "consumer";
  group.protocol_name = "range";
  group.leader = "m1";
  group.members["m1"] = {"m1", "i1", "c", "/h", 10000, 60000, {{"range", bytes_of("s")}}, bytes_of("as")};
  group.topics = {{test_id(7), "t", {0, 2}}};
  return group;
}

group_answer read(topics_memory_port& port, const std::string& id) {
  group_answer answer;
  read_group(port, id, {}, [&](group_answer a) { answer = std::move(a); });
  return answer;
}

}  // namespace

CAF_TEST(a group entry has its golden bytes) {
  CAF_CHECK_EQUAL(to_hex(encode_group_entry(sample()).value()),
                  "0100"
                  "00026731"
                  "00000003"
                  "0008636f6e73756d6572"
                  "000572616e6765"
                  "00026d31"
                  "ffffffffffffffff"
                  "00000001"
                  "00026d31"
                  "01"
                  "00026931"
                  "000163"
                  "00022f68"
                  "00002710"
                  "0000ea60"
                  "00000001"
                  "000572616e6765"
                  "0000000173"
                  "000000026173"
                  "00000001"
                  "00000000000000000000000000000007"
                  "000174"
                  "00000002"
                  "00000000"
                  "00000002");
}

CAF_TEST(a tombstone has its golden bytes and keeps the generation) {
  group_metadata tombstone;
  tombstone.group_id = "g1";
  tombstone.deleted = true;
  tombstone.generation = 9;
  const auto content = encode_group_entry(tombstone).value();
  CAF_CHECK_EQUAL(to_hex(content),
                  "010100026731000000090000000000"
                  "00ffffffffffffffff0000000000000000");
  CAF_CHECK(decode_group_entry(content) == tombstone);
}

CAF_TEST(a flag says that the assignments are stored and an entry of before has none) {
  auto group = sample();
  const auto before = encode_group_entry(group).value();
  group.is_assigned = true;
  auto content = encode_group_entry(group).value();
  CAF_CHECK_EQUAL(to_hex(content.substr(0, 2)), "0102");
  CAF_CHECK_EQUAL(content.substr(2), before.substr(2));
  CAF_CHECK(decode_group_entry(content) == group);
  CAF_CHECK(!decode_group_entry(before).value().is_assigned);
  content[1] = '\xfe';  // a later version's flags
  CAF_CHECK(decode_group_entry(content) == group);
}

CAF_TEST(trailing bytes are ignored and cut or unknown entries refused) {
  const auto content = encode_group_entry(sample()).value();
  CAF_CHECK(decode_group_entry(content + "later") == sample());
  for (std::size_t size = 0; size < content.size(); ++size) CAF_CHECK(!decode_group_entry(content.substr(0, size)));
  CAF_CHECK(!decode_group_entry("\x02" + content.substr(1)));
}

CAF_TEST(a count beyond the bytes left is refused before memory is taken) {
  auto content = encode_group_entry(sample()).value();
  const auto members = std::string("\0\0\0\1\0\2m1", 8);
  content.replace(content.find(members), 4, "\xFF\xFF\xFF\xFF");
  CAF_CHECK(!decode_group_entry(content));
}

CAF_TEST(a string that does not fit makes no entry) {
  auto group = sample();
  group.protocol_name = std::string(65'536, 'p');
  CAF_CHECK(!make_group_mutation(group));
}

CAF_TEST(groups survive the round trip) {
  CAF_CHECK(rc::check("round trip", [](const std::string& id, const std::map<std::string, std::string>& members,
                                       const std::vector<std::string>& topics, std::int32_t generation, bool flag) {
    group_metadata group;
    group.group_id = id;
    group.generation = generation;
    group.deleted = flag;
    group.is_assigned = generation % 2 == 0;
    group.empty_since_ms = generation;
    for (const auto& [key, text] : members) {
      tidegate::group_member member;
      member.member_id = key;
      if (flag) member.instance_id = text;
      member.protocols.assign(text.size() % 3, {text, bytes_of(key)});
      member.assignment = bytes_of(text);
      group.members[key] = member;
    }
    for (const auto& name : topics) group.topics.push_back({test_id(1), name, {0, generation}});
    RC_ASSERT(decode_group_entry(encode_group_entry(group).value()) == group);
  }));
}

CAF_TEST(mutated group entries never crash nor read as absent) {
  CAF_CHECK(rc::check("mutated", [](std::size_t at, char byte) {
    topics_memory_port port;
    port.apply(make_group_mutation(sample()).value());
    auto& content = port.tree.begin()->second.content;
    content[at % content.size()] = byte;
    RC_ASSERT(read(port, "g1").code != group_result::absent);
  }));
}

CAF_TEST(a group is found or absent or an error) {
  topics_memory_port port;
  CAF_CHECK(read(port, "g1").code == group_result::absent);
  port.apply(make_group_mutation(sample()).value());
  CAF_CHECK(read(port, "g1").group == sample());
  port.read_faults = {{status::unknown, "gone", 0}};
  auto failed = read(port, "g1");
  CAF_CHECK(failed.code == group_result::error && !failed.is_damaged);
  port.read_faults = {damaged("an entry", status::unknown)};  // so says `embedded`
  failed = read(port, "g1");
  CAF_CHECK(failed.code == group_result::error && failed.is_damaged);
  // Content of another group under our name.
  port.tree.begin()->second.content = encode_group_entry({"g2", {}, {}, {}, {}, {}, {}, {}, {}}).value();
  failed = read(port, "g1");
  CAF_CHECK(failed.code == group_result::error && failed.is_damaged);
}

CAF_TEST(listing pages over groups without tombstones) {
  topics_memory_port port;
  for (int i = 0; i < 5; ++i) {
    group_metadata group;
    group.group_id = "g/" + std::to_string(i);
    group.deleted = i == 1;
    port.apply(make_group_mutation(group).value());
  }
  port.tree.at(group_entry_path("g/3")).content = "garbage";
  std::vector<std::string> ids;
  std::vector<std::string> unreadable;
  std::string after;
  for (bool more = true; more;) {
    list_groups(port, after, 2, {}, [&](result<group_page> page) {
      CAF_REQUIRE(page.is_ok());
      for (const auto& group : page.value.groups) ids.push_back(group.group_id);
      for (const auto& path : page.value.unreadable) unreadable.push_back(path);
      after = page.value.next;
      more = page.value.more;
    });
  }
  CAF_CHECK(ids == (std::vector<std::string>{"g/0", "g/2", "g/4"}));
  CAF_CHECK(unreadable == std::vector<std::string>{group_entry_path("g/3")});
  port.read_faults = {{status::unknown, "gone", 0}};
  list_groups(port, "", 2, {}, [](const result<group_page>& page) { CAF_CHECK(!page.is_ok()); });
}

CAF_TEST(a mapping record has its golden bytes) {
  const mapping_record record{
      test_id(7), 2, 100, 1787419353000000000, 6, 10, "2026-08-22-17-29-59.00000000000000000000"};
  const auto bytes = encode_mapping(record);
  CAF_CHECK_EQUAL(to_hex(bytes),
                  "01"
                  "00000000000000000000000000000007"
                  "00000002"
                  "0000000000000064"
                  "18ce306e70393a00"
                  "00000006"
                  "000000000000000a"
                  "0028" +
                      to_hex(record.segment));
  CAF_CHECK(decode_mapping(bytes + "later") == record);
  for (std::size_t size = 0; size < bytes.size(); ++size) CAF_CHECK(!decode_mapping(bytes.substr(0, size)));
  CAF_CHECK_EQUAL(to_hex(mapping_key(test_id(7), 2)), "0000000000000000000000000000000700000002");
  CAF_CHECK(mapping_partition(test_id(7), 2) >= 0 && mapping_partition(test_id(7), 2) < mappings_partitions);
}
