#define CAF_SUITE group_pause
// What a group does when its process stood still, and after a restart.
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using core::group_phase;
using enum error_code;

namespace {

/// The process stands still, and then the timer is the first to be heard.
void pause(group_fixture& f, std::int64_t ms, std::int64_t late_ms) {
  f.now_ms += ms;
  f.take(f.group.on_tick(f.at(), late_ms));
}

void restart(group_fixture& f) { f.group = core::group(f.disk, f.options, f.at()); }

}  // namespace

CAF_TEST(a pause that is longer than a session costs no member) {
  for (const auto phase : {group_phase::stable, group_phase::completing_rebalance}) {
    group_fixture f;
    const auto ids = f.bring_to(phase);
    f.advance(4'000);
    pause(f, 30'000, 24'000);
    CAF_CHECK(f.group.phase() == phase);
    for (const auto& id : ids) CAF_CHECK(f.heartbeat(id, 1) == none);
  }
}

CAF_TEST(after a pause members have one session and no more) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable);
  pause(f, 3'600'000, 3'590'000);
  f.advance(9'999);
  CAF_CHECK(f.heartbeat(ids[0], 1) == none);
  f.advance(1);
  CAF_CHECK(f.heartbeat(ids[0], 1) == rebalance_in_progress);
  CAF_CHECK(f.heartbeat(ids[1], 1) == unknown_member_id);
}

CAF_TEST(a timer that is a little late expels whom it finds) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable);
  pause(f, 10'000, 1'000);
  CAF_CHECK(f.heartbeat(ids[0], 1) == unknown_member_id);
}

CAF_TEST(a pause during a write costs no member) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::completing_rebalance);
  f.stores_at_once = false;
  f.sync(ids[0], 1);
  pause(f, 30'000, 24'000);
  f.stored();
  f.take(f.group.on_tick(f.at()));
  for (const auto& id : ids) CAF_CHECK(f.heartbeat(id, 1) == none);
}

CAF_TEST(the round waits for who could not join during a pause) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::preparing_rebalance);
  f.advance(5'000);
  pause(f, 70'000, 4'000);
  CAF_CHECK(f.group.phase() == group_phase::preparing_rebalance);
  CAF_CHECK(f.group.next_deadline_ms() == f.now_ms + 4'000);
  const auto late = f.join(group_fixture::join_request(ids[1]));
  CAF_CHECK_EQUAL(f.joined(late).generation, 2);

  group_fixture longest;  // its own timeout is the most
  longest.bring_to(group_phase::preparing_rebalance);
  pause(longest, 3'600'000, 3'600'000);
  for (int i = 0; i < 6; ++i) {
    CAF_CHECK(longest.group.phase() == group_phase::preparing_rebalance);
    longest.heartbeat(ids[1], 1);
    longest.advance(9'999);
  }
  longest.advance(6);
  CAF_CHECK(longest.group.phase() == group_phase::completing_rebalance);
}

CAF_TEST(the first round and an id that was handed out wait after a pause) {
  group_fixture f;
  const auto first = f.join(group_fixture::join_request());
  auto r = group_fixture::join_request();
  r.member_id_required = true;
  const auto id = f.joined(f.join(r)).member_id;
  pause(f, 60'000, 3'000);
  CAF_CHECK(!f.is_answered(first));
  CAF_CHECK(f.group.next_deadline_ms() == f.now_ms + 500);
  const auto second = f.join(group_fixture::join_request(id));
  f.advance(1'000);
  CAF_CHECK(f.joined(first).error == none);
  CAF_CHECK(f.joined(second).error == none);

  group_fixture unused;
  unused.join(r);
  pause(unused, 60'000, 3'000);
  CAF_CHECK(unused.group.next_deadline_ms() == unused.now_ms + 3'000);
  pause(unused, 60'000, 50'000);
  CAF_CHECK(unused.group.next_deadline_ms() == unused.now_ms + 10'000);
}

CAF_TEST(assignments that are all empty are known after a restart) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::completing_rebalance, 1);
  restart(f);
  CAF_CHECK(f.group.phase() == group_phase::completing_rebalance);
  f.sync(ids[0], 1);
  CAF_CHECK(f.disk.is_assigned);
  restart(f);
  CAF_CHECK(f.group.phase() == group_phase::stable);
  CAF_CHECK(f.commit(ids[0], 1) == none);  // stores the list of positions
  restart(f);
  CAF_CHECK(f.group.phase() == group_phase::stable);
  auto r = group_fixture::join_request(ids[0]);
  r.protocols[0].metadata = group_fixture::bytes("other");
  f.join(r);
  CAF_CHECK_EQUAL(f.disk.generation, 2);
  CAF_CHECK(!f.disk.is_assigned);
  restart(f);
  CAF_CHECK(f.group.phase() == group_phase::completing_rebalance);
}

CAF_TEST(a static member that restarts leaves the group assigned) {
  group_fixture f;
  f.join_static("i");
  f.advance(1'000);
  f.sync(f.disk.leader, 1, {}, "i");
  f.join_static("i");
  CAF_CHECK(f.disk.is_assigned);
}

CAF_TEST(an entry that an older version stored is assigned when it has an assignment) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable);
  f.disk.is_assigned = false;
  restart(f);
  CAF_CHECK(f.group.phase() == group_phase::stable);
  for (auto& [id, m] : f.disk.members) m.assignment.clear();
  restart(f);
  CAF_CHECK(f.group.phase() == group_phase::completing_rebalance);
}
