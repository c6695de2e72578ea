#define CAF_SUITE group_registry_actors
#include "smq/positions/group_entry.hpp"
#include "tests/actors/group/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// Entries of groups, as if an earlier node had left them.
void put_entries(const groups_fixture& f, std::vector<smq::mutation> puts) {
  auto done = std::make_shared<std::promise<bool>>();
  const smq::guard is_new{puts.back().target.path, std::nullopt};
  f.node.engine->ports().entries.transact(is_new, std::move(puts), smq::testing::soon(),
                                          [done](const smq::outcome& what) { done->set_value(what.is_ok()); });
  CAF_REQUIRE(value_of(done->get_future()));
}

}  // namespace

CAF_TEST(positions and groups are the same after a restart) {
  groups_fixture f;
  CAF_CHECK_EQUAL(f.position("g"), -1);
  CAF_CHECK(f.commit("g", 5) == none);
  CAF_CHECK(f.commit("g", 6, 1) == none);
  CAF_CHECK(f.commit("h", 7) == none);
  CAF_CHECK(f.commit("g", 8) == none);
  for (int i = 0; i < 2; ++i) {
    CAF_CHECK_EQUAL(f.position("g"), 8);
    CAF_CHECK_EQUAL(f.position("g", 1), 6);
    CAF_CHECK_EQUAL(f.position("h"), 7);
    CAF_CHECK_EQUAL(f.position("h", 1), -1);
    const std::vector<std::string> all{"g Empty", "h Empty"};
    CAF_CHECK(f.list() == all);
    f.restart();
    CAF_CHECK(f.list() == all);  // before any of them is in use
  }
}

CAF_TEST(groups of several pages are listed each once) {
  groups_fixture f;
  std::vector<std::string> all;
  std::vector<smq::mutation> puts;
  for (int i = 0; i < 2500; ++i) {
    group_metadata group;
    group.group_id = "g" + std::to_string(100'000 + i);
    group.generation = 1;
    group.empty_since_ms = 1;
    all.push_back(group.group_id + " Empty");
    puts.push_back(*smq::make_group_mutation(group));
  }
  put_entries(f, std::move(puts));
  CAF_CHECK(f.commit("z", 5) == none);
  all.emplace_back("z Empty");
  CAF_CHECK(f.list() == all);
}

CAF_TEST(a killed coordinator answers what it held and the next one knows every commit) {
  groups_fixture f;
  auto context = f.context;
  context.group_id = "g";
  auto one = actors::spawn_coordinator(*f.node.system, context);
  CAF_CHECK(value_of(f.commit_to(one, "g", 5)).at(0) == none);
  f.node.ports->script({fault::held});
  auto held = f.commit_to(one, "g", 6);
  CAF_REQUIRE(soon_true([&] { return f.node.ports->held_count() == 1; }));
  auto queued = f.commit_to(one, "g", 7);
  caf::anon_send_exit(one, caf::exit_reason::kill);
  CAF_CHECK(value_of(std::move(queued)).at(0) == coordinator_not_available);
  auto next = f.commit_to(f.registry, "g", 9, 1);
  CAF_CHECK(next.wait_for(100ms) == std::future_status::timeout);  // until the write on its way is decided
  f.node.ports->release();
  CAF_CHECK(value_of(std::move(held)).at(0) == coordinator_not_available);
  CAF_CHECK(value_of(std::move(next)).at(0) == none);
  CAF_CHECK_EQUAL(f.position("g"), 6);
  CAF_CHECK_EQUAL(f.position("g", 1), 9);
}

CAF_TEST(commits that were refused or given up are retriable errors and change nothing that was acknowledged) {
  groups_fixture f;
  CAF_CHECK(f.commit("g", 5) == none);
  f.node.ports->script({fault::refused});
  CAF_CHECK(f.commit("g", 6) == coordinator_not_available);  // never an error that ends a consumer
  CAF_CHECK_EQUAL(f.position("g"), 5);
  f.node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
  CAF_CHECK(f.commit("g", 7) != none);
  CAF_CHECK_EQUAL(f.position("g"), 5);
  f.node.ports->script({fault::applied_but_unknown});
  CAF_CHECK(f.commit("g", 8) == none);
  f.restart();
  CAF_CHECK_EQUAL(f.position("g"), 8);
}

CAF_TEST(a group of a deleted topic has no position there and the next topic of that name starts without) {
  groups_fixture f;
  CAF_CHECK(f.commit("g", 5) == none);
  auto removed = f.node.ask_topic([&](auto answer) {
    caf::anon_send(f.node.topics, msg::delete_topic{"t", {}, answer});
  });
  CAF_CHECK(removed.error == none);
  f.topic = f.node.create("t", 2);
  CAF_CHECK_EQUAL(f.position("g"), -1);
  CAF_CHECK(f.commit("g", 1) == none);
  f.restart();
  CAF_CHECK_EQUAL(f.position("g"), 1);
}

CAF_TEST(metadata and leader epoch come back as they were committed also after a restart) {
  groups_fixture f;
  const std::string metadata[] = {"", "text", std::string("\0\xff\xc3\x28\"\\", 6), std::string(4096, 'x')};
  std::int32_t epoch = -1;
  for (const auto& text : metadata) {
    msg::offset_commit m;
    m.group_id = "g";
    m.items = {{f.where(0), {7, epoch, text, 1'700'000'000'123}}};
    const auto expected = m.items[0].position;
    CAF_CHECK(value_of(f.send_commit(f.registry, std::move(m))).at(0) == none);
    CAF_CHECK(f.fetch("g", std::vector{f.where(0)}).items.at(0).position == expected);
    f.restart();
    CAF_CHECK(f.fetch("g", std::vector{f.where(0)}).items.at(0).position == expected);
    epoch = epoch < 0 ? 0 : INT32_MAX;
  }
}

CAF_TEST(metadata over the limit is refused for its partition and the others are stored) {
  groups_fixture f;
  msg::offset_commit m;
  m.group_id = "g";
  m.items = {f.item(f.where(0), 5), f.item(f.where(1), 6)};
  m.items[0].position.metadata = std::string(4097, 'x');
  const std::vector<error_code> expected{offset_metadata_too_large, none};
  CAF_CHECK(value_of(f.send_commit(f.registry, std::move(m))) == expected);
  CAF_CHECK_EQUAL(f.position("g"), -1);
  CAF_CHECK_EQUAL(f.position("g", 1), 6);
}

namespace {

/// Groups whose only member an earlier node left behind.
void store_left_behind(groups_fixture& f, int count) {
  std::vector<smq::mutation> puts;
  for (int i = 0; i < count; ++i) {
    group_metadata group;
    group.group_id = "left" + std::to_string(100 + i);
    group.generation = 3;
    group.is_assigned = true;
    group.protocol_type = "consumer";
    group.protocol_name = "range";
    group.leader = "m";
    group.members["m"] = {"m", {}, "client", "/127.0.0.1", 300, 300, {{"range", {}}}, {}};
    puts.push_back(*smq::make_group_mutation(group));
  }
  put_entries(f, std::move(puts));
}

std::ptrdiff_t stable_ones(const std::vector<std::string>& listed) {
  return std::ranges::count_if(listed, [](const auto& row) { return row.ends_with(" Stable"); });
}

}  // namespace

CAF_TEST(groups whose members never came back are listed as empty once they were listed for a session) {
  groups_fixture f;
  store_left_behind(f, 60);
  CAF_CHECK_EQUAL(stable_ones(f.list()), 60);
  const auto& alive = actors::counters_of(actors::actor_kind::coordinator).alive;
  CAF_CHECK(soon_true([&] { return alive.value() == 50; }));  // so many at once
  CAF_CHECK(soon_true([&] { return stable_ones(f.list()) == 0; }));
  CAF_CHECK_EQUAL(f.list().size(), 60u);
}

CAF_TEST(a listing loads no groups where the others hold half of what they may) {
  groups_fixture f;
  f.stop();
  f.context.node_bytes = std::make_shared<actors::group_budget>();
  f.context.node_bytes->held.add(f.context.node_bytes->most / 2);
  f.start();
  store_left_behind(f, 1);
  const auto& alive = actors::counters_of(actors::actor_kind::coordinator).alive;
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(stable_ones(f.list()), 1);
    CAF_CHECK_EQUAL(alive.value(), 0);
  }
  f.context.node_bytes->held.add(-1000);
  CAF_CHECK(soon_true([&] { return stable_ones(f.list()) == 0; }));
}
