#define CAF_SUITE newer_versions
// Whatever a newer version wrote is an error that says so, and never absent.
#include "smq/census.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/positions/group_entry.hpp"
#include "smq/positions/positions.hpp"
#include "smq/topics/catalog.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using topics_testing::test_id;

namespace {

bool says_so(const std::string& reason) { return reason.find(written_by_newer) != std::string::npos; }

/// What the doctor says of an entry.
std::string told_of(const entry& e) {
  std::string told;
  census{}.add(e, [&](const problem_report& what) { told += what.what; });
  return told;
}

void make_newer(std::string& bytes) { ++bytes.at(0); }

}  // namespace

CAF_TEST(only a version above ours is a newer one) {
  CAF_CHECK_EQUAL(why_unreadable("\3 and so on", 2), written_by_newer);
  for (const auto* bytes : {"", "\1", "\2"}) CAF_CHECK_EQUAL(why_unreadable(bytes, 2), "damaged");
  const auto what = unreadable("entry /a", "\3", 2, status::unknown);
  CAF_CHECK(what.code == status::unknown && what.is_damaged);
  CAF_CHECK_EQUAL(what.reason, written_by_newer + ": entry /a");
  CAF_CHECK_EQUAL(unreadable("entry /a", "\2", 2).reason, damaged("entry /a").reason);
}

CAF_TEST(the entries of a topic) {
  topics_memory_port port;
  const topic_catalog catalog{port};
  topic_spec spec;
  spec.name = "orders";
  catalog.create(spec, 1787419353, test_id(7), test_id(8), {}, [](const create_answer&) {});
  for (const auto& path : {name_entry_path("orders"), topic_entry_path("orders")}) {
    auto& stored = port.tree.at(path);
    const auto before = stored.content;
    make_newer(stored.content);
    topic_answer answer;
    catalog.get("orders", {}, [&](topic_answer a) { answer = std::move(a); });
    CAF_CHECK(answer.code == lookup_result::error && answer.is_damaged);
    CAF_CHECK(says_so(answer.reason));
    CAF_CHECK(says_so(told_of(stored)));
    stored.content = before;
  }
}

CAF_TEST(a group and its position) {
  topics_memory_port port;
  group_metadata group;
  group.group_id = "g";
  auto stored = make_group_mutation(group).value();
  make_newer(stored.target.content);
  port.apply(stored);
  read_group(port, "g", {}, [](const group_answer& answer) {
    CAF_CHECK(answer.code == group_result::error && answer.is_damaged);
    CAF_CHECK(says_so(answer.reason));
  });
  CAF_CHECK(says_so(told_of(stored.target)));

  const position_place place{test_id(7), "/topics/kafka/t/v2026-08-22-17-22-33/0000-0031"};
  auto position = make_position_mutation(place, "g", {42, 6, "", 1}, 2, {test_id(3), 5}).value();
  make_newer(position.target.attributes.at(position_attribute_name));
  const auto answer = interpret_position(place.topic_id, {{}, position.target});
  CAF_CHECK(answer.code == position_result::damaged);
  CAF_CHECK(says_so(answer.reason));
  CAF_CHECK(says_so(told_of(position.target)));
}

CAF_TEST(the entries of a partition) {
  test::stored_log s;
  s.append_one(2, 1000);
  const auto whole = s.store.entries;
  const auto offset_path = partition_entry_path(test::place.directory);
  make_newer(s.store.entries.at(offset_path).content);
  CAF_CHECK(s.load().what.is_damaged && says_so(s.load().what.reason));
  CAF_CHECK(says_so(told_of(s.store.entries.at(offset_path))));
  s.store.entries = whole;
  auto& segment = s.store.entries.at(s.log.segments[0].path);
  make_newer(segment.attributes.at("tg.seg"));
  CAF_CHECK(s.load().what.is_damaged && says_so(s.load().what.reason));
  CAF_CHECK(says_so(told_of(segment)));
  segment.attributes.erase("tg.seg");
  CAF_CHECK(s.load().what.is_damaged && !says_so(s.load().what.reason));
}
