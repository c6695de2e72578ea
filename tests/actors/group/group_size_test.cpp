#define CAF_SUITE group_size_actors
#include "actors/core/group/entry_size.hpp"
#include "smq/positions/group_entry.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;

CAF_TEST(the core counts the bytes that are stored) {
  group_metadata group;
  group.group_id = "group";
  CAF_CHECK_EQUAL(core::stored_bytes(group), smq::encode_group_entry(group)->size());
  group.protocol_type = "consumer";
  group.protocol_name = "range";
  group.leader = "m1";
  group.members["m1"] = {"m1", "i1", "c", "/h", 1, 2, {{"range", byte_buffer(7)}, {"sticky", {}}}, byte_buffer(9)};
  group.members["m22"] = {"m22", {}, "", "", 1, 2, {}, {}};
  group.topics = {{{}, "t", {0, 2}}, {{}, "topic", {}}};
  CAF_CHECK_EQUAL(core::stored_bytes(group), smq::encode_group_entry(group)->size());
}
