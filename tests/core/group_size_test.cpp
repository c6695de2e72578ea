#define CAF_SUITE group_size
// What is stored of a group stays below what the store takes.
#include "actors/core/group/entry_size.hpp"
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using core::group_phase;
using enum error_code;

namespace {

core::group_options metadata_limit(std::size_t bytes) {
  core::group_options o;
  o.max_metadata_bytes = bytes;
  return o;
}

core::group_options entry_limit(std::size_t bytes) {
  core::group_options o;
  o.max_entry_bytes = bytes;
  return o;
}

core::group_options room_of_the_node(std::size_t bytes) {
  core::group_options o;
  o.node_room = {bytes, bytes};
  return o;
}

bool is_last(const group_fixture& f, core::size_limit limit, std::size_t bytes) {
  return !f.refusals.empty() && f.refusals.back().limit == limit && f.refusals.back().bytes == bytes;
}

/// Beside its metadata some 50 bytes are stored of a member.
msg::join_group saying(std::size_t bytes, std::string member_id = "") {
  auto r = group_fixture::join_request(std::move(member_id));
  r.protocols[0].metadata = byte_buffer(bytes);
  return r;
}

}  // namespace

CAF_TEST(who says too much is refused at once and the others go on without it) {
  group_fixture f{{}, metadata_limit(1'000)};
  const auto a = f.join(saying(400));
  f.join(saying(400));
  const auto said = f.group.said_bytes();
  CAF_CHECK(f.joined(f.join(saying(200))).error == group_max_size_reached);
  CAF_CHECK(is_last(f, core::size_limit::group_metadata, said + said / 2 - 200));  // each with 400
  auto two = saying(30);
  two.protocols.push_back({"sticky", byte_buffer(30)});  // all protocols count, and their names
  CAF_CHECK(f.joined(f.join(two)).error == group_max_size_reached);
  f.advance(2'000);
  CAF_CHECK(f.joined(a).error == none);
  CAF_CHECK_EQUAL(f.joined(a).members.size(), 2u);
}

CAF_TEST(who says too much gets no id to come back with) {
  group_fixture f{{}, metadata_limit(1'000)};
  auto r = saying(1'000);
  r.member_id_required = true;
  CAF_CHECK(f.joined(f.join(r)).error == group_max_size_reached);
  CAF_CHECK(f.group.is_idle());
}

CAF_TEST(ids that nobody comes back with have no more bytes than members) {
  group_fixture f{{}, metadata_limit(1'000)};
  const auto ids = f.hand_out_ids(3, std::string(400, 'c'));
  CAF_REQUIRE_EQUAL(ids.size(), 3u);
  const auto oldest = f.join(group_fixture::join_request(ids[0]));
  CAF_REQUIRE(f.is_answered(oldest));
  CAF_CHECK(f.joined(oldest).error == unknown_member_id);
  CAF_CHECK(!f.is_answered(f.join(group_fixture::join_request(ids[1]))));
}

CAF_TEST(only what a member said last counts and it may say that again) {
  group_fixture f{{}, metadata_limit(1'000)};
  const auto ids = f.bring_to(group_phase::stable);
  f.join(saying(800, ids[1]));
  const auto newest = f.join(saying(850, ids[1]));
  f.join(group_fixture::join_request(ids[0]));
  CAF_CHECK(f.joined(newest).error == none);
  CAF_CHECK_EQUAL(f.disk.members.at(ids[1]).protocols[0].metadata.size(), 850u);
  f.group.follow(metadata_limit(100));
  CAF_CHECK(f.joined(f.join(saying(850, ids[1]))).error == none);
  CAF_CHECK(f.joined(f.join(saying(851, ids[1]))).error == group_max_size_reached);
  const auto rest = f.join(group_fixture::join_request(ids[0]));
  CAF_CHECK_EQUAL(f.joined(rest).generation, 3);
  CAF_CHECK_EQUAL(f.joined(rest).members.size(), 1u);
}

CAF_TEST(a member that says too much in a round is not waited for) {
  group_fixture f{{}, metadata_limit(1'000)};
  const auto ids = f.bring_to(group_phase::preparing_rebalance);
  const auto refused = f.joined(f.join(saying(1'000, ids[1])));
  CAF_CHECK(refused.error == group_max_size_reached);
  CAF_CHECK_EQUAL(refused.member_id, "");  // as in Kafka: it is no member
  CAF_CHECK(f.group.phase() == group_phase::completing_rebalance);
  CAF_CHECK_EQUAL(f.disk.members.size(), 1u);
}

CAF_TEST(nobody takes a static member out of its group with its id alone) {
  group_fixture f{{}, metadata_limit(1'000)};
  const auto ids = f.bring_to(group_phase::stable, 2, true);
  auto r = saying(1'000, ids[1]);
  r.instance_id = "other";
  CAF_CHECK(f.joined(f.join(r)).error == group_max_size_reached);
  CAF_CHECK(f.heartbeat(ids[1], 1, f.disk.members.at(ids[1]).instance_id) == none);
}

CAF_TEST(a static member that comes back counts once and is left as it was when it says too much) {
  group_fixture f{{}, metadata_limit(200)};
  const auto ids = f.bring_to(group_phase::stable, 2, true);
  auto r = saying(90);
  r.instance_id = f.disk.members.at(ids[1]).instance_id;
  const auto back = f.joined(f.join(r));
  CAF_CHECK(back.error == none);
  r.protocols[0].metadata = byte_buffer(100);
  CAF_CHECK(f.joined(f.join(r)).error == group_max_size_reached);
  CAF_CHECK(f.heartbeat(back.member_id, 1, r.instance_id) == none);
}

CAF_TEST(a static member that comes back with more than fits beside the assignments is refused) {
  group_fixture f{{}, entry_limit(200)};
  const auto ids = f.bring_to(group_phase::stable, 2, true);
  const auto writes = f.writes;
  auto r = saying(90);
  r.instance_id = f.disk.members.at(ids[1]).instance_id;
  const auto refused = f.joined(f.join(r));
  CAF_CHECK(refused.error == group_max_size_reached);
  CAF_CHECK_EQUAL(refused.member_id, "");
  CAF_CHECK(f.heartbeat(ids[1], 1, r.instance_id) == none);
  CAF_CHECK_EQUAL(f.writes, writes);
}

CAF_TEST(leaving frees what a member said) {
  group_fixture f{{}, metadata_limit(300)};
  const auto ids = f.bring_to(group_phase::stable);
  CAF_CHECK(f.joined(f.join(saying(200))).error == group_max_size_reached);
  f.leave({{ids[1], {}}});
  const auto w = f.join(saying(200));
  f.join(group_fixture::join_request(ids[0]));
  CAF_CHECK(f.joined(w).error == none);
}

CAF_TEST(assignments that cannot be stored are an error for all who wait and the next round takes smaller ones) {
  group_fixture f{{}, entry_limit(400)};
  const auto ids = f.bring_to(group_phase::completing_rebalance);
  const auto writes = f.writes;
  const auto follower = f.sync(ids[1], 1);
  const auto entry = core::stored_bytes(f.disk);
  const auto leader = f.sync(ids[0], 1, {{ids[1], std::string(300, 'x')}});
  CAF_CHECK(is_last(f, core::size_limit::group_entry, entry + 300));
  CAF_CHECK(f.synced(follower).error == unknown_server_error);
  CAF_CHECK(f.synced(leader).error == unknown_server_error);
  CAF_CHECK_EQUAL(f.writes, writes);
  CAF_CHECK(f.heartbeat(ids[1], 1) == rebalance_in_progress);
  for (const auto& id : ids) f.join(group_fixture::join_request(id));
  const auto again = f.sync(ids[1], 2);
  f.sync(f.group.stored().leader, 2, {{ids[1], std::string(200, 'x')}});
  CAF_CHECK(f.synced(again).assignment == group_fixture::bytes(std::string(200, 'x')));
  CAF_CHECK(f.group.phase() == group_phase::stable);
}

CAF_TEST(what a group holds is kept while members come and change and go) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable, 2, true);
  const auto stable = core::stored_bytes(f.disk);
  CAF_CHECK_EQUAL(f.group.held_bytes(), stable);
  f.commit(ids[0], 1, "i0");
  CAF_CHECK_EQUAL(f.group.held_bytes(), stable + 27);  // a topic with one partition
  f.group.forget_topic({});
  CAF_CHECK_EQUAL(f.group.held_bytes(), stable);
  const auto said = f.group.said_bytes();
  auto more = saying(101, ids[1]);
  more.instance_id = "i1";
  f.join(more);
  CAF_CHECK_EQUAL(f.group.said_bytes(), said + 100);
  f.join(more);
  CAF_CHECK_EQUAL(f.group.said_bytes(), said + 100);
  f.leave({{ids[1], "i1"}});
  CAF_CHECK(f.group.said_bytes() < said);
  CAF_CHECK_EQUAL(f.group.held_bytes(), stable);  // the entry still has it
  f.leave({{ids[0], "i0"}});
  CAF_CHECK_EQUAL(f.group.said_bytes(), 0u);
  CAF_CHECK_EQUAL(f.group.held_bytes(), core::stored_bytes(f.disk));
}

CAF_TEST(members that were stored are counted after a load) {
  group_fixture f;
  f.bring_to(group_phase::stable);
  const group_fixture loaded{f.disk};
  CAF_CHECK_EQUAL(loaded.group.said_bytes(), f.group.said_bytes());
  CAF_CHECK_EQUAL(loaded.group.held_bytes(), f.group.held_bytes());
}

CAF_TEST(a node without room tells who is new to ask again and members notice nothing) {
  group_fixture f{{}, room_of_the_node(1'000)};
  const auto ids = f.bring_to(group_phase::stable);
  f.group.follow(room_of_the_node(100));
  const auto later = f.joined(f.join(saying(200, "")));
  CAF_CHECK(later.error == coordinator_load_in_progress);
  CAF_CHECK_EQUAL(later.throttle_ms, 1'000);
  CAF_CHECK_EQUAL(f.refusals.size(), 1u);
  CAF_CHECK(f.refusals.back().limit == core::size_limit::node_groups && f.refusals.back().bytes > 200);
  CAF_CHECK(f.group.phase() == group_phase::stable);
  CAF_CHECK(f.joined(f.join(group_fixture::join_request("nobody"))).error == unknown_member_id);
  f.group.follow(room_of_the_node(0));
  CAF_CHECK(f.heartbeat(ids[0], 1) == none);
  CAF_CHECK(f.commit(ids[0], 1) == none);
  CAF_CHECK(f.synced(f.sync(ids[1], 1)).error == none);
  f.join(group_fixture::join_request(ids[0]));  // says what it said, and begins a round
  const auto again = f.join(group_fixture::join_request(ids[1]));
  CAF_CHECK(f.joined(again).error == none);
  f.group.follow(room_of_the_node(1'000));
  CAF_CHECK(!f.is_answered(f.join(saying(200))));
}

CAF_TEST(a member that grows on a node without room keeps its session while it asks) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable);
  f.group.follow(room_of_the_node(8));
  for (int i = 0; i < 4; ++i) {
    f.advance(6'000);
    CAF_CHECK(f.heartbeat(ids[0], 1) == none);
    CAF_CHECK(f.joined(f.join(saying(10, ids[1]))).error == coordinator_load_in_progress);
  }
  CAF_CHECK(f.group.phase() == group_phase::stable);
  CAF_CHECK(!f.is_answered(f.join(saying(9, ids[1]))));
}

CAF_TEST(a static member that comes back to a node without room keeps its place) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable, 2, true);
  f.group.follow(room_of_the_node(0));
  auto r = saying(10);
  r.instance_id = "i1";
  f.advance(6'000);
  CAF_CHECK(f.joined(f.join(r)).error == coordinator_load_in_progress);
  f.advance(3'000);
  CAF_CHECK(f.heartbeat(ids[0], 1, "i0") == none);
  f.advance(6'000);
  r.protocols[0].metadata = byte_buffer(1);
  CAF_CHECK(f.joined(f.join(r)).error == none);
}

CAF_TEST(nobody waits for an id that comes back to a node without room) {
  group_fixture f;
  const auto members = f.bring_to(group_phase::stable);
  const auto ids = f.hand_out_ids(1, "c");
  CAF_REQUIRE_EQUAL(ids.size(), 1u);
  f.group.follow(room_of_the_node(0));
  f.join(group_fixture::join_request(members[0]));
  const auto last = f.join(group_fixture::join_request(members[1]));
  CAF_CHECK(!f.is_answered(last));
  CAF_CHECK(f.joined(f.join(group_fixture::join_request(ids[0]))).error == coordinator_load_in_progress);
  CAF_CHECK(f.joined(last).error == none);
}
