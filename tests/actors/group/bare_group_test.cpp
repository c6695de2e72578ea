#define CAF_SUITE bare_group
// A group without members and positions goes, as in Kafka; whatever somebody could come back for stays.
#include "tests/actors/group/coordinator_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace std::chrono_literals;
using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

struct fixture : coordinator_fixture {
  fixture() { options.idle_after = 60s; }

  /// When a group that became empty at 11 s is looked at for the second time.
  static constexpr auto until_it_is_bare = 120s;

  [[nodiscard]] bool is_removed() const { return store->entry.entry.deleted; }

  void use_without_commit() {
    start();
    bring_to_stable();
    pass(15s);  // its session ends
    CAF_REQUIRE(store->entry.entry.members.empty());
  }
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(bare_groups, fixture)

CAF_TEST(a group that never committed goes when it is idle) {
  use_without_commit();
  pass(50s);
  CAF_CHECK(!is_removed());
  pass(80s);
  CAF_CHECK(is_removed());
  CAF_CHECK_EQUAL(store->entry.entry.generation, 2);  // of members that were away: nobody gets it again
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(a position keeps it) {
  start();
  const auto id = bring_to_stable();
  commit(id, 1, 7);
  pass(300s);
  CAF_CHECK(!is_removed());
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(a native position keeps it) {
  use_without_commit();
  store->positions.push_back({{"t", {}, 0}, {9, -1, "", 0}});
  pass(300s);
  CAF_CHECK(!is_removed());
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(doubt keeps it) {
  for (const bool is_error : {true, false}) {
    store = std::make_shared<scripted_store>();
    store->lookup = {};
    store->lookup.error = is_error ? coordinator_not_available : none;
    store->lookup.complete = is_error;
    use_without_commit();
    pass(300s);
    CAF_CHECK(!is_removed());
    CAF_CHECK_EQUAL(store->closes, 1);
    stop();
  }
}

CAF_TEST(a session that lasts longer than the patience) {
  options.idle_after = 3s;
  use_without_commit();
  pass(15s);
  CAF_CHECK(is_removed());
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(who only looks does not keep it) {
  use_without_commit();
  for (int i = 0; i < 13; ++i) {
    pass(10s);
    msg::describe_group m;
    m.answer = msg::reply_or_unavailable<msg::describe_group_result>([](const auto&) {});
    tell(std::move(m));
  }
  CAF_CHECK(is_removed());
}

CAF_TEST(who commits while it is looked at keeps it) {
  store->holds_lookups = true;
  use_without_commit();
  pass(until_it_is_bare);
  CAF_REQUIRE_EQUAL(store->held_lookups.size(), 1u);
  commit("", -1, 5);
  answer_lookup();
  pass(10s);
  CAF_CHECK(!is_removed());
  CAF_CHECK_EQUAL(fetched_offset(), 5);
}

CAF_TEST(who joins while it is looked at keeps it) {
  store->holds_lookups = true;
  use_without_commit();
  pass(until_it_is_bare);
  CAF_REQUIRE_EQUAL(store->held_lookups.size(), 1u);
  const auto joined = join();
  answer_lookup();
  pass(1s);
  CAF_CHECK(!is_removed());
  CAF_REQUIRE_EQUAL(joined->size(), 1u);
  CAF_CHECK(joined->at(0).error == none);
  store->holds_lookups = false;
  pass(200s);  // it left again
  CAF_CHECK(is_removed());
}

CAF_TEST(a removal that the store refuses is tried again) {
  use_without_commit();
  store->holds_writes = true;
  pass(until_it_is_bare);
  CAF_REQUIRE_EQUAL(store->held.size(), 1u);
  store->answer(actors::group_write_answer::status::refused);
  pass(10s);
  CAF_CHECK(!is_removed());
  CAF_CHECK_EQUAL(store->closes, 0);
  store->holds_writes = false;
  pass(130s);
  CAF_CHECK(is_removed());
}

CAF_TEST(who joins while it is being removed begins the next generation) {
  use_without_commit();
  store->holds_writes = true;
  pass(until_it_is_bare);
  CAF_REQUIRE_EQUAL(store->held.size(), 1u);
  const auto joined = join();
  store->holds_writes = false;
  store->answer(actors::group_write_answer::status::stored);
  consume_messages();
  pass(1s);
  CAF_REQUIRE_EQUAL(joined->size(), 1u);
  CAF_CHECK(joined->at(0).error == none);
  CAF_CHECK_EQUAL(joined->at(0).generation, 3);
}

CAF_TEST(a group from before a restart goes when somebody looks at it) {
  group_metadata old;
  old.group_id = "g";
  old.generation = 3;
  old.empty_since_ms = wall_ms - 600'000;
  store->entry = {actors::loaded_group::status::found, old};
  start();
  pass(25s);
  CAF_CHECK(is_removed());
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
