#define CAF_SUITE group_budget
// What groups hold in memory together, and what is counted of requests that are refused for their size.
#include "actors/core/group/entry_size.hpp"
#include "tests/actors/group/coordinator_fixture.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using actors::counted;
using actors::group_write_answer;
using enum error_code;

namespace {

/// A coordinator beside others, which hold `others`.
struct budget_fixture : coordinator_fixture {
  static constexpr std::int64_t others = 1'000'000;

  budget_fixture() {
    node_bytes = std::make_shared<actors::group_budget>();
    node_bytes->held.add(others);
  }

  [[nodiscard]] std::int64_t held() const { return node_bytes->held.value() - others; }
  [[nodiscard]] std::int64_t stored() const {
    return static_cast<std::int64_t>(core::stored_bytes(store->entry.entry));
  }

  void leave_room(std::int64_t bytes) { node_bytes->most.set(node_bytes->held.value() + bytes); }

  answers<msg::leave_group_result> leave(const std::string& id) {
    auto out = std::make_shared<std::vector<msg::leave_group_result>>();
    msg::leave_group m;
    m.members = {{id, {}}};
    m.answer = msg::reply_or_unavailable<msg::leave_group_result>([out](auto r) { out->push_back(std::move(r)); });
    tell(std::move(m));
    return out;
  }
};

template <class T>
error_code error_of(const std::shared_ptr<std::vector<T>>& answered) {
  CAF_REQUIRE_EQUAL(answered->size(), 1u);
  return answered->front().error;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(group_budget_tests, budget_fixture)

CAF_TEST(a node without room tells newcomers to ask again and members go on) {
  start();
  const auto id = bring_to_stable();
  leave_room(10);
  const auto before = counted.refused_by_node_group_bytes.value();
  const int writes = store->writes;
  const auto later = join();
  CAF_CHECK(error_of(later) == coordinator_load_in_progress);
  CAF_CHECK_EQUAL(later->front().throttle_ms, 1'000);
  CAF_CHECK(error_of(join(id, 200'000)) == coordinator_load_in_progress);
  CAF_CHECK_EQUAL(counted.refused_by_node_group_bytes.value() - before, 2u);
  CAF_CHECK_EQUAL(store->writes, writes);
  leave_room(-10);
  CAF_CHECK(heartbeat(id, 1)->at(0) == none);
  CAF_CHECK(commit(id, 1, 5)->at(0).at(0) == none);
  CAF_CHECK_EQUAL(fetched_offset(), 5);
  CAF_CHECK(error_of(sync(id, 1)) == none);
  const auto again = join(id);  // the leader begins a round
  CAF_CHECK(error_of(again) == none);
  CAF_CHECK(error_of(sync(id, again->front().generation, 1'000)) == none);
  CAF_CHECK(error_of(leave(id)) == none);
}

CAF_TEST(a group without members takes no room from those that have some) {
  start();
  CAF_CHECK(commit("", -1, 5)->at(0).at(0) == none);
  CAF_CHECK_EQUAL(fetched_offset(), 5);
  CAF_CHECK_EQUAL(held(), 0);
  const auto id = bring_to_stable();
  CAF_CHECK_EQUAL(held(), stored());
  CAF_CHECK(error_of(leave(id)) == none);
  CAF_CHECK_EQUAL(held(), 0);
}

CAF_TEST(a member that says a little more is not turned away by a full node) {
  start();
  const auto id = bring_to_stable();
  leave_room(0);
  CAF_CHECK(error_of(join("", 11)) == coordinator_load_in_progress);
  CAF_CHECK(error_of(join(id, 100'000)) == none);  // an eighth of what all may hold
}

CAF_TEST(room that others leave or that the limit gives is there for the next request) {
  start();
  leave_room(0);
  CAF_CHECK(error_of(join()) == coordinator_load_in_progress);
  node_bytes->held.add(-1'000);
  const auto first = join();
  CAF_CHECK(first->empty());  // waits for its round
  CAF_CHECK(error_of(join("", 2'000)) == coordinator_load_in_progress);
  node_bytes->most.set(2 * others);
  CAF_CHECK(join("", 2'000)->empty());
}

CAF_TEST(a group is counted as it is stored and with what its members said since) {
  start();
  const auto id = bring_to_stable();
  CAF_CHECK_EQUAL(held(), stored());
  commit(id, 1, 5);
  CAF_CHECK_EQUAL(held(), stored());
  const auto stable = held();
  CAF_CHECK(join("", 5'000)->empty());
  CAF_CHECK(held() > stable + 5'000);
  pass(11s);  // who was there does not come back
  CAF_CHECK_EQUAL(held(), stored());
  CAF_CHECK(held() > 5'000);
  const auto with_topic = held();
  tell(msg::forget_topic{{}, nullptr});
  CAF_CHECK_EQUAL(held(), with_topic - 27);
}

CAF_TEST(what a coordinator held is given back when it ends) {
  start();
  bring_to_stable();
  CAF_CHECK(held() > 0);
  stop();
  CAF_CHECK_EQUAL(held(), 0);
}

CAF_TEST(a group that is loaded again is counted once) {
  start();
  const auto id = bring_to_stable();
  store->holds_writes = true;
  commit(id, 1, 1);
  store->answer(group_write_answer::status::reload);
  consume_messages();
  CAF_CHECK_EQUAL(store->opens, 2);
  CAF_CHECK_EQUAL(held(), stored());
  auto lost = commit(id, 1, 2);
  store->answer(group_write_answer::status::fenced);
  consume_messages();
  CAF_CHECK(lost->at(0).at(0) == not_coordinator);
  CAF_CHECK_EQUAL(held(), 0);
}

CAF_TEST(a stored group is loaded and read on a node without room) {
  start();
  const auto id = bring_to_stable();
  CAF_CHECK(commit(id, 1, 7)->at(0).at(0) == none);
  stop();
  leave_room(-500);
  start();
  CAF_CHECK_EQUAL(fetched_offset(), 7);
  CAF_CHECK_EQUAL(held(), stored());
  CAF_CHECK(heartbeat(id, 1)->at(0) == none);
  CAF_CHECK(commit(id, 1, 8)->at(0).at(0) == none);
}

CAF_TEST(refusals for the size of one group are counted by what it met) {
  options.rules.max_metadata_bytes = 1'000;
  options.rules.max_entry_bytes = 1'500;
  start();
  const auto id = bring_to_stable();
  const auto metadata = counted.refused_by_group_metadata.value();
  const auto entry = counted.refused_by_group_entry.value();
  const auto node = counted.refused_by_node_group_bytes.value();
  CAF_CHECK(error_of(join("", 1'000)) == group_max_size_reached);
  CAF_CHECK_EQUAL(counted.refused_by_group_metadata.value() - metadata, 1u);
  const auto again = join(id);
  CAF_CHECK(error_of(sync(id, again->at(0).generation, 1'500)) == unknown_server_error);
  CAF_CHECK_EQUAL(counted.refused_by_group_entry.value() - entry, 1u);
  CAF_CHECK_EQUAL(counted.refused_by_group_metadata.value() - metadata, 1u);
  CAF_CHECK_EQUAL(counted.refused_by_node_group_bytes.value(), node);
}

CAF_TEST_FIXTURE_SCOPE_END()
