#define CAF_SUITE group_rules
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using core::group_phase;
using enum error_code;

namespace {

struct phase_row {
  group_phase phase;
  error_code answer;
};

constexpr group_phase all_phases[] = {group_phase::empty, group_phase::preparing_rebalance,
                                      group_phase::completing_rebalance, group_phase::stable, group_phase::dead};

}  // namespace

CAF_TEST(every phase can be reached) {
  for (auto phase : all_phases) {
    group_fixture f;
    f.bring_to(phase);
    CAF_CHECK(f.group.phase() == phase);
  }
}

CAF_TEST(heartbeat answers by phase) {
  constexpr phase_row rows[] = {{group_phase::empty, unknown_member_id},
                                {group_phase::preparing_rebalance, rebalance_in_progress},
                                {group_phase::completing_rebalance, none},
                                {group_phase::stable, none},
                                {group_phase::dead, coordinator_not_available}};
  for (const auto& row : rows) {
    group_fixture f;
    auto ids = f.bring_to(row.phase);
    ids.resize(2, "nobody");
    CAF_CHECK(f.heartbeat(ids[1], f.group.stored().generation) == row.answer);
  }
}

CAF_TEST(heartbeat of an older generation or a stranger is fenced in every phase with members) {
  for (auto phase : {group_phase::preparing_rebalance, group_phase::completing_rebalance, group_phase::stable}) {
    group_fixture f;
    auto ids = f.bring_to(phase);
    CAF_CHECK(f.heartbeat(ids[1], f.group.stored().generation - 1) == illegal_generation);
    CAF_CHECK(f.heartbeat("nobody", f.group.stored().generation) == unknown_member_id);
  }
}

CAF_TEST(commit of a simple consumer by phase) {
  constexpr phase_row rows[] = {{group_phase::empty, none},
                                {group_phase::preparing_rebalance, unknown_member_id},
                                {group_phase::completing_rebalance, unknown_member_id},
                                {group_phase::stable, unknown_member_id},
                                {group_phase::dead, coordinator_not_available}};
  for (const auto& row : rows) {
    group_fixture f;
    f.bring_to(row.phase);
    CAF_CHECK(f.commit("", -1) == row.answer);
  }
}

CAF_TEST(commit of a member by phase) {
  constexpr phase_row rows[] = {{group_phase::preparing_rebalance, none},
                                {group_phase::completing_rebalance, rebalance_in_progress},
                                {group_phase::stable, none},
                                {group_phase::dead, coordinator_not_available}};
  for (const auto& row : rows) {
    group_fixture f;
    auto ids = f.bring_to(row.phase);
    CAF_CHECK(f.commit(ids[1], f.group.stored().generation) == row.answer);
    if (row.phase == group_phase::dead) continue;
    CAF_CHECK(f.commit(ids[1], f.group.stored().generation - 1) == illegal_generation);
    CAF_CHECK(f.commit("nobody", f.group.stored().generation) == unknown_member_id);
  }
}

CAF_TEST(commit with a generation into a group that does not exist is illegal) {
  group_fixture f;
  CAF_CHECK(f.commit("m", 3) == illegal_generation);
}

CAF_TEST(a commit adds the partition to the entry once) {
  group_fixture f;
  CAF_CHECK(f.commit("", -1) == none);
  CAF_CHECK(f.commit("", -1) == none);
  CAF_REQUIRE_EQUAL(f.disk.topics.size(), 1u);
  CAF_CHECK_EQUAL(f.disk.topics[0].partitions, std::vector<std::int32_t>{0});
  CAF_CHECK(f.group.list().state == "Empty");
}

CAF_TEST(sync by phase) {
  constexpr phase_row rows[] = {{group_phase::empty, unknown_member_id},
                                {group_phase::preparing_rebalance, rebalance_in_progress},
                                {group_phase::stable, none},
                                {group_phase::dead, coordinator_not_available}};
  for (const auto& row : rows) {
    group_fixture f;
    auto ids = f.bring_to(row.phase);
    ids.resize(2, "nobody");
    CAF_CHECK(f.synced(f.sync(ids[1], f.group.stored().generation)).error == row.answer);
  }
}

CAF_TEST(sync with another protocol is refused) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::completing_rebalance);
  msg::sync_group r;
  r.member_id = ids[1];
  r.generation = 1;
  r.protocol_name = "roundrobin";
  f.take(f.group.on_sync(r, 77, f.at()));
  CAF_CHECK(f.synced(77).error == inconsistent_group_protocol);
}

CAF_TEST(a follower waits for the assignment of the leader) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::completing_rebalance);
  auto follower = f.sync(ids[1], 1);
  CAF_CHECK(!f.is_answered(follower));
  f.stores_at_once = false;
  auto leader = f.sync(ids[0], 1, {{ids[0], "x"}, {ids[1], "y"}, {"stranger", "z"}});
  CAF_CHECK(!f.is_answered(follower));
  CAF_CHECK(!f.is_answered(leader));
  f.stored();
  CAF_CHECK(f.synced(follower).assignment == group_fixture::bytes("y"));
  CAF_CHECK(f.synced(leader).assignment == group_fixture::bytes("x"));
  CAF_CHECK(f.disk.members.at(ids[1]).assignment == group_fixture::bytes("y"));
}

CAF_TEST(a new dynamic member gets an id first in every live phase) {
  for (auto phase : all_phases) {
    group_fixture f;
    f.bring_to(phase);
    auto r = group_fixture::join_request();
    r.member_id_required = true;
    auto first = f.joined(f.join(r));
    if (phase == group_phase::dead) {
      CAF_CHECK(first.error == coordinator_not_available);
      continue;
    }
    CAF_CHECK(first.error == member_id_required);
    CAF_CHECK(first.member_id.starts_with("c-"));
    r.member_id = first.member_id;
    auto second = f.join(r);
    CAF_CHECK(!f.is_answered(second));
  }
}

CAF_TEST(a pending member holds the round until its id expires) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable, 1);
  auto r = group_fixture::join_request();
  r.member_id_required = true;
  f.join(r);
  auto w = f.join(group_fixture::join_request(ids[0]));
  CAF_CHECK(!f.is_answered(w));
  f.advance(9'999);
  CAF_CHECK(!f.is_answered(w));
  f.advance(1);
  CAF_CHECK(f.joined(w).error == none);
  CAF_CHECK_EQUAL(f.joined(w).generation, 2);
}

CAF_TEST(ids that nobody comes back with refuse nobody) {
  core::group_options o;
  o.max_pending_members = 3;
  group_fixture f{{}, o};
  const auto ids = f.hand_out_ids(4, "c");
  CAF_REQUIRE_EQUAL(ids.size(), 4u);
  CAF_CHECK(f.joined(f.join(group_fixture::join_request(ids[0]))).error == unknown_member_id);
  CAF_CHECK(!f.is_answered(f.join(group_fixture::join_request(ids[1]))));
}

CAF_TEST(very many protocols cost no more than their number) {
  group_fixture f;
  const auto join_with = [&](const std::string& prefix) {
    auto r = group_fixture::join_request();
    r.protocols.clear();
    for (int i = 0; i < 60'000; ++i) r.protocols.push_back({prefix + std::to_string(i), {}});
    r.protocols.push_back({"range", {}});
    return f.join(r);
  };
  const auto first = join_with("a");  // half a minute or more, if each name were compared with each
  join_with("b");
  f.advance(2'000);
  CAF_CHECK_EQUAL(f.joined(first).protocol_name, "range");
}

CAF_TEST(the join limits) {
  auto error_of = [](auto change) {
    core::group_options o;
    o.max_size = 2;
    group_fixture f{{}, o};
    f.bring_to(group_phase::stable);
    auto r = group_fixture::join_request(f.group.stored().leader);
    change(r);
    return f.joined(f.join(r)).error;
  };
  CAF_CHECK(error_of([](auto& r) { r.session_timeout_ms = 5'999; }) == invalid_session_timeout);
  CAF_CHECK(error_of([](auto& r) { r.session_timeout_ms = 1'800'001; }) == invalid_session_timeout);
  CAF_CHECK(error_of([](auto& r) { r.protocol_type = "connect"; }) == inconsistent_group_protocol);
  CAF_CHECK(error_of([](auto& r) { r.protocols = {{"sticky", {}}}; }) == inconsistent_group_protocol);
  CAF_CHECK(error_of([](auto& r) { r.protocols.clear(); }) == inconsistent_group_protocol);
  CAF_CHECK(error_of([](auto& r) { r.member_id = ""; }) == group_max_size_reached);
  CAF_CHECK(error_of([](auto& r) { r.instance_id = "i"; }) == unknown_member_id);
}

CAF_TEST(the protocol is selected by vote among those that all support) {
  group_fixture f;
  auto join_with = [&](std::vector<std::string> names) {
    auto r = group_fixture::join_request();
    r.protocols.clear();
    for (auto& n : names) r.protocols.push_back({n, group_fixture::bytes(n)});
    return f.join(r);
  };
  auto a = join_with({"only-a", "range", "sticky"});
  join_with({"sticky", "range"});
  join_with({"sticky", "range"});
  f.advance(2'000);
  CAF_CHECK_EQUAL(f.joined(a).protocol_name, "sticky");
  CAF_CHECK_EQUAL(f.joined(a).members.size(), 3u);
  CAF_CHECK(f.joined(a).members[0].metadata == group_fixture::bytes("sticky"));
}

CAF_TEST(the first round is extended while members join) {
  group_fixture f;
  auto a = f.join(group_fixture::join_request());
  f.advance(400);
  f.join(group_fixture::join_request());
  f.advance(100);
  CAF_CHECK(!f.is_answered(a));
  f.advance(499);
  CAF_CHECK(!f.is_answered(a));
  f.advance(1);
  CAF_CHECK_EQUAL(f.joined(a).generation, 1);
  CAF_CHECK_EQUAL(f.joined(a).members.size(), 2u);
}

CAF_TEST(a known member joins again by phase and by what changed) {
  group_fixture stable;
  auto ids = stable.bring_to(group_phase::stable);
  auto follower = stable.joined(stable.join(group_fixture::join_request(ids[1])));
  CAF_CHECK(follower.error == none);
  CAF_CHECK_EQUAL(follower.generation, 1);
  CAF_CHECK(follower.members.empty());
  CAF_CHECK(stable.group.phase() == group_phase::stable);
  auto changed = group_fixture::join_request(ids[1]);
  changed.protocols[0].metadata = group_fixture::bytes("other");
  stable.join(changed);
  CAF_CHECK(stable.group.phase() == group_phase::preparing_rebalance);

  group_fixture leads;
  ids = leads.bring_to(group_phase::stable);
  leads.join(group_fixture::join_request(ids[0]));
  CAF_CHECK(leads.group.phase() == group_phase::preparing_rebalance);

  group_fixture completing;
  ids = completing.bring_to(group_phase::completing_rebalance);
  auto again = completing.joined(completing.join(group_fixture::join_request(ids[0])));
  CAF_CHECK_EQUAL(again.members.size(), 2u);
  CAF_CHECK(completing.group.phase() == group_phase::completing_rebalance);
}

CAF_TEST(a join during the wait for assignments sends those who wait back) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::completing_rebalance);
  auto waiting = f.sync(ids[1], 1);
  f.join(group_fixture::join_request());
  CAF_CHECK(f.synced(waiting).error == rebalance_in_progress);
}

CAF_TEST(members that do not join in time are expelled) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable);
  auto w = f.join(group_fixture::join_request(ids[0]));
  for (int i = 0; i < 12; ++i) {
    f.advance(4'990);
    CAF_CHECK(f.heartbeat(ids[1], 1) == rebalance_in_progress);
  }
  CAF_CHECK(!f.is_answered(w));
  f.advance(200);
  CAF_CHECK_EQUAL(f.joined(w).members.size(), 1u);
  CAF_CHECK(f.heartbeat(ids[1], 1) == unknown_member_id);
}

CAF_TEST(a member that does not sync in time is expelled) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::completing_rebalance);
  f.sync(ids[0], 1, {{ids[0], "x"}});
  for (int i = 0; i < 12; ++i) {
    f.advance(4'999);
    f.heartbeat(ids[0], 1);
    f.heartbeat(ids[1], 1);
  }
  CAF_CHECK_EQUAL(f.group.describe().members.size(), 2u);
  f.advance(100);
  CAF_CHECK_EQUAL(f.group.describe().members.size(), 1u);
  CAF_CHECK(f.heartbeat(ids[0], 1) == rebalance_in_progress);
}

CAF_TEST(leave answers per member and the last one empties the group) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable);
  auto w = f.leave({{ids[0], {}}, {"nobody", {}}, {"", "no-instance"}});
  auto answer = f.answer<msg::leave_group_result>(w);
  CAF_CHECK(answer.error == none);
  CAF_CHECK((answer.members == std::vector{none, unknown_member_id, unknown_member_id}));
  CAF_CHECK(f.group.phase() == group_phase::preparing_rebalance);
  f.stores_at_once = false;
  auto last = f.leave({{ids[1], {}}});
  CAF_CHECK(!f.is_answered(last));
  f.stored();
  CAF_CHECK((f.answer<msg::leave_group_result>(last).members == std::vector{none}));
  CAF_CHECK(f.group.phase() == group_phase::empty);
  CAF_CHECK_EQUAL(f.disk.generation, 2);
  CAF_CHECK(f.disk.empty_since_ms > 0);
}

CAF_TEST(leave of a dead group) {
  group_fixture f;
  f.bring_to(group_phase::dead);
  CAF_CHECK(f.answer<msg::leave_group_result>(f.leave({{"m", {}}})).error == coordinator_not_available);
}

CAF_TEST(a group whose last member just left is to be deleted again) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable);
  f.stores_at_once = false;
  f.leave({{ids[0], {}}, {ids[1], {}}});
  f.store_failed(kafka_storage_error);
  f.take(f.group.on_delete(900, f.at()));
  CAF_CHECK(f.answer<error_code>(900) == coordinator_not_available);
}

CAF_TEST(delete needs an empty group and leaves the generation) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::stable);
  f.take(f.group.on_delete(900, f.at()));
  CAF_CHECK(f.answer<error_code>(900) == non_empty_group);
  f.leave({{ids[0], {}}, {ids[1], {}}});
  f.take(f.group.on_delete(901, f.at()));
  CAF_CHECK(f.answer<error_code>(901) == none);
  CAF_CHECK(f.disk.deleted);
  CAF_CHECK_EQUAL(f.group.describe().state, "Dead");
  f.take(f.group.on_delete(902, f.at()));
  CAF_CHECK(f.answer<error_code>(902) == group_id_not_found);
  f.bring_to(group_phase::stable);
  CAF_CHECK_EQUAL(f.disk.generation, 3);
  CAF_CHECK(!f.disk.deleted);
}

CAF_TEST(a round that cannot be stored fails its waiters and changes nothing) {
  group_fixture f;
  f.stores_at_once = false;
  auto a = f.join(group_fixture::join_request());
  f.advance(500);
  CAF_CHECK(f.group.is_busy());
  CAF_CHECK(!f.is_answered(a));
  f.store_failed(coordinator_not_available);
  CAF_CHECK(f.joined(a).error == coordinator_not_available);
  CAF_CHECK_EQUAL(f.group.stored().generation, 0);
  auto again = f.join(group_fixture::join_request(f.joined(a).member_id));
  CAF_REQUIRE(f.group.is_busy());
  f.stored();
  CAF_CHECK_EQUAL(f.joined(again).generation, 1);
}

CAF_TEST(a recovered group goes on with the same generation and full sessions) {
  group_fixture before;
  auto ids = before.bring_to(group_phase::stable);
  group_fixture after{before.disk};
  CAF_CHECK(after.group.phase() == group_phase::stable);
  after.advance(9'999);
  CAF_CHECK(after.heartbeat(ids[0], 1) == none);
  CAF_CHECK(after.commit(ids[1], 1) == none);
  CAF_CHECK(after.synced(after.sync(ids[1], 1)).assignment == group_fixture::bytes("a:" + ids[1]));
}

CAF_TEST(a group recovered between join and sync waits for the leader) {
  group_fixture before;
  auto ids = before.bring_to(group_phase::completing_rebalance);
  group_fixture after{before.disk};
  auto w = after.sync(ids[1], 1);
  CAF_CHECK(!after.is_answered(w));
  after.sync(ids[0], 1, {{ids[1], "y"}});
  CAF_CHECK(after.synced(w).assignment == group_fixture::bytes("y"));
}

CAF_TEST(retire answers everybody) {
  group_fixture f;
  auto ids = f.bring_to(group_phase::completing_rebalance);
  auto w = f.sync(ids[1], 1);
  f.take(f.group.retire(not_coordinator));
  CAF_CHECK(f.synced(w).error == not_coordinator);
  CAF_CHECK_EQUAL(f.group.waiting(), 0u);
}
