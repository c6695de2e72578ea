#define CAF_SUITE group_registry_actors
#include "actors/group_registry_state.hpp"
#include "actors/smq_group_store.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// The group registry over a node's store; to be stopped before the node.
struct groups_fixture {
  node_fixture node;
  actors::topic_ptr topic;
  actors::coordinator_context context;
  actors::group_registry_actor registry;

  groups_fixture() {
    topic = node.create("t", 2);
    start();
  }
  ~groups_fixture() { stop(); }

  void start() {
    std::atomic<int>* ids = &ids_;
    context.store = std::make_shared<actors::smq_group_store>(node.store);
    context.new_uuid = [ids] { return std::to_string(++*ids); };
    context.wall_ms = actors::wall_ms;
    context.options.rules.initial_rebalance_delay_ms = 0;
    registry = actors::spawn_group_registry(*node.system, node.store, context);
  }

  void stop() {
    if (registry) caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
    registry = nullptr;
    context = {};
  }

  void restart() {
    stop();
    node.restart();
    auto found = node.ask_topic([&](auto answer) {
      caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer});
    });
    CAF_REQUIRE(found.topic != nullptr);
    topic = found.topic;
    start();
  }

  [[nodiscard]] msg::group_partition where(std::int32_t partition) const { return {"t", topic->id, partition}; }

  template <class Handle>
  std::future<std::vector<error_code>> commit_to(const Handle& to, const std::string& group, std::int64_t offset,
                                                 std::int32_t partition = 0) {
    auto promise = std::make_shared<std::promise<std::vector<error_code>>>();
    msg::offset_commit m;
    m.group_id = group;
    committed_offset position;
    position.offset = offset;
    position.metadata = "m";
    m.items = {{where(partition), position}};
    m.answer = msg::item_errors_reply(1, [promise](std::vector<error_code> e) { promise->set_value(std::move(e)); });
    caf::anon_send(to, std::move(m));
    return promise->get_future();
  }

  error_code commit(const std::string& group, std::int64_t offset, std::int32_t partition = 0) {
    return value_of(commit_to(registry, group, offset, partition)).at(0);
  }

  /// The position; -2: an error.
  std::int64_t position(const std::string& group, std::int32_t partition = 0) {
    auto result = value_of(node.ask_later<msg::offset_fetch_result>({}, [&](auto answer) {
      caf::anon_send(registry, msg::offset_fetch{group, std::vector{where(partition)}, answer});
    }));
    if (result.error != none || result.items.at(0).error != none) return -2;
    return result.items[0].position.offset;
  }

  std::vector<std::string> list() {
    auto result = value_of(node.ask_later<msg::list_groups_result>({}, [&](auto answer) {
      caf::anon_send(registry, msg::list_groups{answer});
    }));
    CAF_CHECK(result.error == none);
    std::vector<std::string> names;
    for (const auto& row : result.groups) names.push_back(row.group_id + " " + row.state);
    return names;
  }

 private:
  std::atomic<int> ids_{0};
};

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

CAF_TEST(a killed coordinator answers what it held and the next one knows every commit) {
  groups_fixture f;
  auto context = f.context;
  context.group_id = "g";
  auto one = f.node.system->spawn(actors::coordinator, context);
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
  CAF_CHECK(f.commit("g", 6) != none);
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
