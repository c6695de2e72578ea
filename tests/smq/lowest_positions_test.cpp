#define CAF_SUITE lowest_positions
// What protects records from retention: the positions of a partition, whoever wrote them.
#include "smq/positions/lowest_positions.hpp"

#include "smq/names.hpp"
#include "smq/positions/position_json.hpp"
#include "tests/smq/segments/segments_memory_engine.hpp"
#include "tests/smq/small_stack.hpp"

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
  std::size_t deadlines = 0;  // asked for
  std::size_t turns = 0;      // of whoever waits for the lowest
  std::vector<std::function<void()>> postponed;

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
    deadlines = 0;
    const walk_pace pace{[this] {
                           ++deadlines;
                           return time_point{};
                         },
                         [this](std::function<void()> f) { postponed.push_back(std::move(f)); }};
    find_lowest_positions(store, place, pace, [&](result<lowest_positions> r) { found = std::move(r); });
    for (turns = 1; !postponed.empty(); ++turns) std::exchange(postponed, {}).front()();
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
  CAF_CHECK(found.value == (lowest_positions{50, std::nullopt, 0, ""}));
  c.move("kafka-cg-g5.offset", 70);  // was the lowest
  c.move("native.offset", 60);
  c.move("readme.txt", 1);  // no position
  found = c.lowest();
  CAF_CHECK(found.value == (lowest_positions{51, 60, 0, ""}));
}

CAF_TEST(a negative offset is no position and holds nothing) {
  consumers c;
  c.commit("none", -1);
  CAF_CHECK(c.lowest().value == lowest_positions{});
  c.commit("g", 7);
  CAF_CHECK(c.lowest().value == (lowest_positions{7, std::nullopt, 0, ""}));
}

CAF_TEST(very many positions of a store that answers at once are read on a small stack and in many turns) {
  consumers c;
  c.store.page_limit = 20;
  constexpr std::size_t groups = 200'000;
  const auto path = position_path(c.place.partition_directory, "");
  const auto content = write_position_json({7, 1, ""});
  for (std::size_t i = 0; i < groups; ++i) {
    const auto at = path + std::to_string(i) + ".offset";
    c.store.entries[at] = {at, content, {}, {}};
  }
  result<lowest_positions> found;
  CAF_REQUIRE(on_small_stack([&] { found = c.lowest(); }));
  CAF_CHECK(found.is_ok());
  CAF_CHECK(found.value == (lowest_positions{std::nullopt, 7, 0, ""}));
  CAF_CHECK_EQUAL(c.deadlines, groups / c.store.page_limit);  // one for each page
  CAF_CHECK_EQUAL(c.turns, groups / c.store.page_limit / 8 + 1);
}

CAF_TEST(a walk whose owner has gone ends without an answer and is not kept) {
  consumers c;
  for (int i = 0; i < 100; ++i) c.commit("g" + std::to_string(i), i);
  const auto owned = std::make_shared<int>(0);
  find_lowest_positions(c.store, c.place, {[] { return time_point{}; }, [](const auto&) {}},
                        [owned](const result<lowest_positions>&) { CAF_ERROR("answered"); });
  CAF_CHECK_EQUAL(owned.use_count(), 1);
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
    CAF_MESSAGE(r.why);
    CAF_CHECK_EQUAL(found.value.damaged, 1u);
    CAF_CHECK(found.value.first_damaged.find(c.place.partition_directory + "/consumers/kafka-cg-") != std::string::npos);
  }
  consumers c;
  c.store.fail_with = outcome{status::unknown, "injected", 0};
  CAF_CHECK(c.lowest().what.code == status::unknown);
}
