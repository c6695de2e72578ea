#define CAF_SUITE group_static
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using core::group_phase;
using enum error_code;

CAF_TEST(a static member that restarts keeps generation and assignment and nobody notices) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable, 2, true);
  const std::string instance = *f.disk.members.at(ids[1]).instance_id;
  f.stores_at_once = false;
  auto w = f.join_static(instance);
  CAF_CHECK(!f.is_answered(w));
  CAF_CHECK(f.heartbeat(ids[1], 1, instance) == none);
  f.stored();
  auto answer = f.joined(w);
  CAF_CHECK(answer.error == none);
  CAF_CHECK_EQUAL(answer.generation, 1);
  CAF_CHECK(answer.member_id != ids[1]);
  CAF_CHECK(answer.members.empty());
  CAF_CHECK_EQUAL(f.answers.at(w).size(), 1u);
  CAF_CHECK(f.group.phase() == group_phase::stable);
  CAF_CHECK(f.synced(f.sync(answer.member_id, 1, {}, instance)).assignment == group_fixture::bytes("a:" + ids[1]));
  CAF_CHECK(f.heartbeat(ids[1], 1, instance) == fenced_instance_id);
  CAF_CHECK(f.commit(ids[1], 1, instance) == fenced_instance_id);
  CAF_CHECK(f.synced(f.sync(ids[1], 1, {}, instance)).error == fenced_instance_id);
  auto twin = f.join_static(instance, ids[1]);
  CAF_CHECK(f.joined(twin).error == fenced_instance_id);
  CAF_CHECK(f.heartbeat(answer.member_id, 1, instance) == none);
  CAF_CHECK(f.heartbeat(ids[0], 1) == none);
}

CAF_TEST(a replacement that cannot be stored leaves the old member as it was) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable, 2, true);
  const std::string instance = *f.disk.members.at(ids[1]).instance_id;
  f.stores_at_once = false;
  auto w = f.join_static(instance);
  f.store_failed(coordinator_not_available);
  CAF_CHECK(f.joined(w).error == coordinator_not_available);
  CAF_CHECK(f.heartbeat(ids[1], 1, instance) == none);
}

CAF_TEST(a restarted static leader is told not to assign again) {
  group_fixture skips;
  auto ids = skips.bring_to(group_phase::stable, 2, true);
  auto answer = skips.joined(skips.join_static(*skips.disk.members.at(ids[0]).instance_id, "", true));
  CAF_CHECK(answer.skip_assignment);
  CAF_CHECK_EQUAL(answer.leader, answer.member_id);
  CAF_CHECK_EQUAL(answer.members.size(), 2u);

  group_fixture older;
  ids = older.bring_to(group_phase::stable, 2, true);
  answer = older.joined(older.join_static(*older.disk.members.at(ids[0]).instance_id));
  CAF_CHECK(!answer.skip_assignment);
  CAF_CHECK_EQUAL(answer.leader, ids[0]);
  CAF_CHECK_EQUAL(older.disk.leader, answer.member_id);
}

CAF_TEST(a static member that restarts during the wait for assignments starts a new round) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::completing_rebalance, 2, true);
  auto waiting = f.sync(ids[1], 1);
  auto replaced = f.sync(ids[0], 0);
  CAF_CHECK(f.synced(replaced).error == illegal_generation);
  f.join_static(*f.disk.members.at(ids[0]).instance_id);
  CAF_CHECK(f.synced(waiting).error == rebalance_in_progress);
  CAF_CHECK(f.heartbeat(ids[0], 1, "i0") == fenced_instance_id);
  CAF_CHECK(f.group.phase() == group_phase::preparing_rebalance);
}

CAF_TEST(the older twin that waits in a round is fenced) {
  group_fixture f;
  auto older = f.join_static("i");
  const auto older_id = f.group.describe().members.at(0).member_id;
  auto newer = f.join_static("i");
  CAF_CHECK(f.joined(older).error == fenced_instance_id);
  CAF_CHECK_EQUAL(f.joined(older).member_id, older_id);
  f.advance(1'000);
  CAF_CHECK(f.joined(newer).error == none);
  CAF_CHECK_EQUAL(f.joined(newer).members.size(), 1u);
}

CAF_TEST(a static member that comes back in its first round waits for it longer than a session) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable, 1);
  f.join_static("i");
  const auto twin = f.join_static("i");
  for (int i = 0; i < 4; ++i) {
    f.advance(4'000);
    CAF_CHECK(f.heartbeat(ids[0], 1) == rebalance_in_progress);
  }
  CAF_CHECK(!f.is_answered(twin));
  f.join(group_fixture::join_request(ids[0]));
  CAF_CHECK(f.joined(twin).error == none);
}

CAF_TEST(a static member that is away keeps its place until its session ends) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable, 2, true);
  f.advance(9'000);
  f.heartbeat(ids[0], 1);
  CAF_CHECK_EQUAL(f.group.describe().members.size(), 2u);
  f.advance(1'000);
  CAF_CHECK_EQUAL(f.group.describe().members.size(), 1u);
  CAF_CHECK(f.group.phase() == group_phase::preparing_rebalance);
}

CAF_TEST(an operator removes a static member by its instance id) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable, 2, true);
  auto w = f.leave({{"", "i1"}});
  CAF_CHECK((f.answer<msg::leave_group_result>(w).members == std::vector{none}));
  CAF_CHECK((f.answer<msg::leave_group_result>(f.leave({{ids[0], "i-unknown"}})).members ==
             std::vector{unknown_member_id}));
}
