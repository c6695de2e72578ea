#define CAF_SUITE coordinator
#include "tests/actors/group/coordinator_fixture.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using actors::group_write_answer;
using actors::loaded_group;
using enum error_code;

namespace {

bool is_one(const coordinator_fixture::answers<std::vector<error_code>>& a, error_code e) {
  return a->size() == 1 && a->at(0) == std::vector{e};
}

bool is_one(const coordinator_fixture::answers<error_code>& a, error_code e) {
  return a->size() == 1 && a->at(0) == e;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(coordinator_tests, coordinator_fixture)

CAF_TEST(requests wait while the group loads) {
  store->holds_opens = true;
  start();
  auto committed = commit("", -1, 7);
  auto fetched = fetch();
  CAF_CHECK(committed->empty());
  CAF_CHECK(fetched->empty());
  store->held_opens.at(0)();
  consume_messages();
  CAF_CHECK(is_one(committed, none));
  CAF_REQUIRE_EQUAL(fetched->size(), 1u);
  CAF_CHECK_EQUAL(fetched->at(0).items.at(0).position.offset, 7);
}

CAF_TEST(rules that change count from the next request on) {
  auto rules = std::make_shared<core::group_options>();
  current_rules = [rules] { return *rules; };
  start();
  auto long_one = join();
  rules->max_session_timeout_ms = 9'999;
  auto refused = join();
  CAF_REQUIRE(refused->size() == 1);
  CAF_CHECK(refused->at(0).error == invalid_session_timeout);
  CAF_CHECK(long_one->empty());  // was taken before
}

CAF_TEST(too many requests while the group loads are refused) {
  options.max_parked = 1;
  store->holds_opens = true;
  const auto before = actors::counted.unparked_group_requests.value();
  start();
  auto first = commit("", -1, 7);
  auto second = commit("", -1, 8);
  CAF_CHECK(first->empty());
  CAF_CHECK(is_one(second, coordinator_not_available));
  CAF_CHECK_EQUAL(actors::counted.unparked_group_requests.value() - before, 1u);
}

CAF_TEST(a group that cannot be loaded answers so and loads with the next request) {
  store->entry.what = loaded_group::status::failed;
  start();
  CAF_CHECK(is_one(commit("", -1, 7), coordinator_not_available));
  store->entry.what = loaded_group::status::absent;
  CAF_CHECK(is_one(commit("", -1, 7), none));
}

CAF_TEST(the round is stored before JoinGroup is answered and the assignment before SyncGroup) {
  store->holds_writes = true;
  start();
  auto joined = join();
  pass(1s);
  CAF_CHECK(joined->empty());
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_REQUIRE_EQUAL(joined->size(), 1u);
  CAF_CHECK(joined->at(0).error == none);
  CAF_CHECK_EQUAL(store->entry.entry.generation, 1);
  auto id = joined->at(0).member_id;
  auto synced = sync(id, 1);
  CAF_CHECK(synced->empty());
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  auto behind = commit(id, 1, 5);
  CAF_CHECK(behind->empty());
  store->holds_writes = false;
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK_EQUAL(synced->size(), 1u);
  CAF_CHECK(is_one(behind, none));
}

CAF_TEST(a member without heartbeats is expelled) {
  start();
  auto id = bring_to_stable();
  pass(9s);
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  pass(11s);
  CAF_CHECK(is_one(heartbeat(id, 1), unknown_member_id));
  CAF_CHECK(store->entry.entry.members.empty());
  CAF_CHECK_EQUAL(store->entry.entry.generation, 2);
}

CAF_TEST(rounds that come and go leave no timers behind) {
  options.rules.initial_rebalance_delay_ms = 0;
  start();
  const auto joined = join_for_long("");
  pass(100ms);
  CAF_REQUIRE_EQUAL(joined->size(), 1u);
  const auto id = joined->at(0).member_id;
  CAF_CHECK(sync(id, 1)->at(0).error == none);
  for (int round = 2; round < 30; ++round) {
    CAF_CHECK_EQUAL(join_for_long(id)->size(), 1u);
    CAF_CHECK(sync(id, round)->at(0).error == none);
    pass(400ms);  // past the deadline of the round, which is nearer than the session's
  }
  CAF_CHECK_LESS(sched.clock().schedule().size(), 4u);
}

CAF_TEST(a node that was paused longer than a session still knows its members) {
  start();
  const auto id = bring_to_stable();
  advance_time(60s);
  consume_messages();
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  pass(11s);
  CAF_CHECK(is_one(heartbeat(id, 1), unknown_member_id));
}

CAF_TEST(every member of a large group may wait behind a write) {
  options.max_parked = 1;
  start();
  std::vector<answers<msg::join_group_result>> joined{join(), join(), join()};
  pass(2s);
  store->holds_writes = true;
  for (const auto& j : joined) CAF_REQUIRE_EQUAL(j->size(), 1u);
  std::vector<answers<msg::sync_group_result>> synced{sync(joined[0]->at(0).leader, 1)};
  for (int round = 0; round < 2; ++round)
    for (const auto& j : joined) synced.push_back(sync(j->at(0).member_id, 1));
  for (const auto& s : synced) CAF_CHECK(s->empty());
  const auto refused = sync(joined[0]->at(0).member_id, 1);
  CAF_REQUIRE_EQUAL(refused->size(), 1u);
  CAF_CHECK(refused->at(0).error == coordinator_not_available);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  for (const auto& s : synced) {
    CAF_REQUIRE_EQUAL(s->size(), 1u);
    CAF_CHECK(s->at(0).error == none);
  }
}

CAF_TEST(a position is what the store says and never what a member committed once) {
  start();
  auto id = bring_to_stable();
  CAF_CHECK(is_one(commit(id, 1, 42), none));
  CAF_CHECK_EQUAL(fetched_offset(), 42);
  CAF_CHECK_EQUAL(store->fetches, 1);
  store->positions.push_back({{"t", {}, 0}, {50, 0, "", 0}});  // a native subscriber's turn; the member may be a ghost
  CAF_CHECK_EQUAL(fetched_offset(), 50);
}

CAF_TEST(a position is asked for behind the commits before it) {
  start();
  auto id = bring_to_stable();
  CAF_CHECK(is_one(commit(id, 1, 1), none));
  store->holds_writes = true;
  auto first = commit(id, 1, 2);
  const int fetches = store->fetches;
  auto asked = fetch();
  auto second = commit(id, 1, 3);
  CAF_CHECK(asked->empty());
  CAF_CHECK_EQUAL(store->fetches, fetches);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(first, none));
  CAF_REQUIRE_EQUAL(asked->size(), 1u);
  CAF_CHECK_EQUAL(asked->at(0).items.at(0).position.offset, 2);
  CAF_CHECK(second->empty());
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(second, none));
}

CAF_TEST(a store that takes longer than a session costs no member whose commit it then stores) {
  start();
  auto id = bring_to_stable();
  CAF_CHECK(is_one(commit(id, 1, 1), none));
  store->holds_writes = true;
  auto late = commit(id, 1, 2);
  pass(11s);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(late, none));
  pass(9s);
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  pass(11s);
  CAF_CHECK(is_one(heartbeat(id, 1), unknown_member_id));
}

CAF_TEST(a group that was only looked at goes soon) {
  start();
  auto id = bring_to_stable();
  CAF_CHECK(is_one(commit(id, 1, 1), none));
  pass(11s);  // without its member
  stop();
  start();
  CAF_CHECK_EQUAL(fetched_offset(), 1);
  const int closes = store->closes;
  pass(21s);
  CAF_CHECK_EQUAL(store->closes, closes + 1);
}

CAF_TEST(an unknown outcome fails those who wait and the group is loaded again) {
  start();
  auto id = bring_to_stable();
  store->holds_writes = true;
  auto first = commit(id, 1, 1);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  auto lost = commit(id, 1, 2);
  auto behind = commit(id, 1, 3);
  CAF_CHECK(lost->empty());
  const int opens = store->opens;
  store->answer(group_write_answer::status::reload);
  consume_messages();
  CAF_CHECK(is_one(first, none));
  CAF_CHECK(is_one(lost, coordinator_not_available));
  CAF_CHECK_EQUAL(store->opens, opens + 1);
  store->answer(group_write_answer::status::reload);
  consume_messages();
  CAF_CHECK(is_one(behind, coordinator_not_available));
  CAF_CHECK_EQUAL(store->opens, opens + 1);
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  CAF_CHECK_EQUAL(fetched_offset(), 1);
}

CAF_TEST(a fenced coordinator answers not_coordinator and goes) {
  start();
  auto id = bring_to_stable();
  store->holds_writes = true;
  auto lost = commit(id, 1, 1);
  store->answer(group_write_answer::status::fenced);
  consume_messages();
  CAF_CHECK(is_one(lost, not_coordinator));
  CAF_CHECK_EQUAL(store->closes, 1);
  CAF_CHECK(is_one(heartbeat(id, 1), coordinator_not_available));
}

CAF_TEST(a killed coordinator leaves nobody waiting and its successor goes on) {
  start();
  auto id = bring_to_stable();
  auto waiting = join();
  CAF_CHECK(waiting->empty());
  stop();
  CAF_REQUIRE_EQUAL(waiting->size(), 1u);
  CAF_CHECK(waiting->at(0).error == coordinator_not_available);
  start();
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  CAF_CHECK(is_one(commit(id, 1, 9), none));
}

CAF_TEST(a coordinator that is killed while it loads closes what it opened) {
  store->holds_opens = true;
  start();
  CAF_CHECK_EQUAL(store->opens, 1);
  stop();
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(an idle coordinator goes) {
  options.idle_after = 60s;
  start();
  commit("", -1, 1);
  pass(130s);
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(a group that is listed again and again goes when it is idle) {
  options.idle_after = 60s;
  start();
  commit("", -1, 1);
  auto rows = std::make_shared<std::vector<msg::list_group_result>>();
  for (int i = 0; i < 13; ++i) {
    pass(10s);
    tell(msg::list_group{"g", msg::reply_or_unavailable<msg::list_group_result>([rows](auto r) { rows->push_back(r); })});
  }
  CAF_CHECK_EQUAL(store->closes, 1);
  CAF_CHECK(rows->front().error == none);
  CAF_CHECK_EQUAL(rows->front().state, "Empty");
  CAF_CHECK_EQUAL(rows->size(), 13u);  // also those that nobody heard
}

CAF_TEST(a group is listed while a write is on its way) {
  store->holds_writes = true;
  start();
  auto committed = commit("", -1, 1);
  auto rows = std::make_shared<std::vector<msg::list_group_result>>();
  tell(msg::list_group{"g", msg::reply_or_unavailable<msg::list_group_result>([rows](auto r) { rows->push_back(r); })});
  CAF_REQUIRE_EQUAL(rows->size(), 1u);
  CAF_CHECK_EQUAL(rows->front().state, "Dead");  // nothing of it is stored yet
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(committed, none));
}

CAF_TEST(a group that nobody stored goes soon) {
  start();
  CAF_CHECK(is_one(heartbeat("nobody", 1), unknown_member_id));
  pass(9s);
  CAF_CHECK_EQUAL(store->closes, 0);
  pass(12s);
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(a deleted group loses its positions) {
  start();
  commit("", -1, 1);
  CAF_CHECK_EQUAL(store->positions.size(), 1u);
  CAF_CHECK(is_one(remove(), none));
  CAF_CHECK(store->positions.empty());
  CAF_CHECK(store->entry.entry.deleted);
}

CAF_TEST(a group that somebody joins while its positions are looked for is not deleted) {
  start();
  commit("", -1, 1);
  store->holds_lookups = true;
  auto removed = remove();
  bring_to_stable();
  CAF_CHECK(removed->empty());
  answer_lookup();
  CAF_CHECK(is_one(removed, non_empty_group));
  CAF_CHECK_EQUAL(store->positions.size(), 1u);
}

CAF_TEST(what is committed while positions are looked for goes with the group) {
  start();
  store->holds_lookups = true;
  auto removed = remove();
  CAF_CHECK(is_one(commit("", -1, 1), none));
  answer_lookup();
  CAF_CHECK(is_one(removed, none));
  CAF_CHECK(store->positions.empty());
  CAF_CHECK(store->entry.entry.deleted);
}

CAF_TEST(a write that is refused answers its error and the group goes on) {
  start();
  auto id = bring_to_stable();
  store->holds_writes = true;
  auto refused = commit(id, 1, 1);
  store->answer(group_write_answer::status::refused);
  consume_messages();
  CAF_CHECK(is_one(refused, coordinator_not_available));
  auto next = commit(id, 1, 2);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(next, none));
  CAF_CHECK_EQUAL(fetched_offset(), 2);
}

CAF_TEST_FIXTURE_SCOPE_END()
