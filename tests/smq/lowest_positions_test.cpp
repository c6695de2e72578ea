#define CAF_SUITE lowest_positions
// What protects records from retention: the positions of a partition, whoever wrote them.
#include "smq/positions/lowest_positions.hpp"

#include "smq/names.hpp"
#include "smq/positions/position_json.hpp"
#include "tests/smq/segments/segments_memory_engine.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

uuid id_of(unsigned first) {
  uuid id;
  id.bytes[0] = static_cast<std::byte>(first);
  return id;
}

struct consumers {
  segments_memory_engine store;
  position_place place{id_of(1), "/topics/kafka/t/v1/0000-0031"};

  void commit(const std::string& group, std::int64_t offset) {
    committed_offset position;
    position.offset = offset;
    store.write({*make_position_mutation(place, group, position, 100 + offset, {id_of(9), 1})});
  }

  /// As a native subscriber rewrites a file: the attributes stay.
  void move(const std::string& name, std::int64_t value_ns) {
    auto& e = store.entries[place.partition_directory + "/consumers/" + name];
    e.path = place.partition_directory + "/consumers/" + name;
    e.content = write_position_json({value_ns, 1, ""});
  }

  result<lowest_positions> lowest() {
    result<lowest_positions> found{{status::unknown, "no answer", 0}, {}};
    find_lowest_positions(store, place, {}, [&](result<lowest_positions> r) { found = std::move(r); });
    return found;
  }
};

}  // namespace

CAF_TEST(without positions nothing is held) {
  consumers c;
  CAF_CHECK(c.lowest().is_ok());
  CAF_CHECK(c.lowest().value == lowest_positions{});
}

CAF_TEST(the lowest of each kind is found on any page) {
  consumers c;  // pages of three
  for (int i = 0; i < 10; ++i) c.commit("g" + std::to_string(i), 50 + (i + 5) % 10);
  auto found = c.lowest();
  CAF_CHECK(found.is_ok());
  CAF_CHECK(found.value == (lowest_positions{50, std::nullopt, ""}));
  c.move("kafka-cg-g5.offset", 70);  // was the lowest
  c.move("native.offset", 60);
  c.move("readme.txt", 1);  // no position
  found = c.lowest();
  CAF_CHECK(found.value == (lowest_positions{51, 60, ""}));
}

CAF_TEST(a position that cannot be read is not passed over) {
  struct row {
    const char* why;
    void (*spoil)(consumers&);
  };
  const row rows[]{
    {"no JSON", [](consumers& c) { c.store.entries.begin()->second.content = "{"; }},
    {"a damaged tg.pos", [](consumers& c) { c.store.entries.begin()->second.attributes["tg.pos"][5] ^= 1; }},
    {"another topic's", [](consumers& c) {
       c.place.topic_id = id_of(2);
       c.commit("other", 5);
       c.place.topic_id = id_of(1);
     }},
  };
  for (const auto& r : rows) {
    consumers c;
    c.commit("g", 10);
    r.spoil(c);
    const auto found = c.lowest();
    CAF_CHECK(found.is_ok());
    CAF_CHECK(!found.value.unclear.empty());
    if (found.value.unclear.empty()) CAF_ERROR(r.why);
  }
  consumers c;
  c.store.fail_with = outcome{status::unknown, "injected", 0};
  CAF_CHECK(c.lowest().what.code == status::unknown);
}
