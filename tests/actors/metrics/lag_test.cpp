#define CAF_SUITE lag
#include "actors/metrics/counters.hpp"
#include "actors/metrics/lag.hpp"
#include "tests/actors/group/coordinator_fixture.hpp"

using namespace tidegate;
using namespace tidegate::actors;
using namespace std::chrono_literals;

CAF_TEST(rows beyond the limit are summed and the others do not depend on the order) {
  for (const bool backwards : {false, true}) {
    bounded_lags lags{3};
    for (int i = 0; i < 100; ++i) {
      const auto n = backwards ? 99 - i : i;
      lags.add("g" + std::to_string(100 + n), "t", 1);
    }
    const auto rows = lags.take();
    CAF_REQUIRE_EQUAL(rows.size(), 4u);
    CAF_CHECK_EQUAL(rows.at({"_other", "_other"}), 97);
    CAF_CHECK(rows.contains({"g100", "t"}) && rows.contains({"g102", "t"}));
  }
}

CAF_TEST(the board shows a round when the last one who was asked lets go) {
  auto board = std::make_shared<lag_board>();
  auto topics = std::make_shared<topic_metrics>(1);
  auto round = lag_round::begin(board, topics, 10);
  CAF_REQUIRE(round);
  CAF_CHECK(!lag_round::begin(board, topics, 10));
  round->add("g", "t", 3);
  CAF_CHECK(board->rows.empty());
  round.reset();
  CAF_CHECK_EQUAL(board->rows.at({"g", "t"}), 3);
  lag_round::begin(board, topics, 10).reset();
  CAF_CHECK(board->rows.empty());
}

CAF_TEST(those that are furthest behind are shown) {
  bounded_lags lags{2};
  for (const auto& [group, lag] : {std::pair{"a", 1}, std::pair{"b", 50}, std::pair{"c", 3}, std::pair{"z", 70}})
    lags.add(group, "t", lag);
  const auto rows = lags.take();
  CAF_REQUIRE_EQUAL(rows.size(), 3u);
  CAF_CHECK_EQUAL(rows.at({"b", "t"}), 50);
  CAF_CHECK_EQUAL(rows.at({"z", "t"}), 70);
  CAF_CHECK_EQUAL(rows.at({"_other", "_other"}), 4);
}

namespace {

struct fixture : test::coordinator_fixture {
  std::shared_ptr<lag_board> board = std::make_shared<lag_board>();
  std::shared_ptr<topic_metrics> topics = std::make_shared<topic_metrics>(10);
  std::shared_ptr<partition_metrics> partition = topics->join("t", {}, 0);

  lag_rows ask() {
    tell(msg::report_lag{lag_round::begin(board, topics, 10)});
    return board->rows;
  }
};

std::int64_t groups_in(group_state state) { return counted.groups[static_cast<std::size_t>(state)].value(); }

}  // namespace

CAF_TEST_FIXTURE_SCOPE(lags_of_groups, fixture)

CAF_TEST(a group with members reports how far it is behind and loads nothing for it) {
  partition->end = 100;
  start();
  CAF_CHECK(ask().empty());
  const auto id = bring_to_stable();
  CAF_CHECK(ask().empty());  // nothing is committed
  commit(id, 1, 58);
  const auto fetches = store->fetches;
  CAF_CHECK_EQUAL(std::int64_t{ask().at({"g", "t"})}, 42);
  partition->end = 101;
  CAF_CHECK_EQUAL(std::int64_t{ask().at({"g", "t"})}, 43);
  CAF_CHECK_EQUAL(store->fetches, fetches);
  pass(20s);  // its session ends
  CAF_CHECK(ask().empty());
}

CAF_TEST(the lag stays when the partition goes quiet and is not made up where its end is not known) {
  start();
  const auto id = bring_to_stable();
  commit(id, 1, 58);
  CAF_CHECK(ask().empty());
  CAF_CHECK(!board->groups.rows.at("g").lag);
  partition->end = 100;
  CAF_CHECK_EQUAL(std::int64_t{ask().at({"g", "t"})}, 42);
  partition.reset();
  CAF_CHECK_EQUAL(std::int64_t{ask().at({"g", "t"})}, 42);
  CAF_CHECK_EQUAL(board->groups.rows.at("g").lag.value_or(-1), 42);
}

CAF_TEST(a question about lag that nobody takes comes to an end) {
  start();
  stop();
  CAF_CHECK(ask().empty());
  CAF_CHECK(!board->is_asked);
}

CAF_TEST(groups and members and rebalances are counted and leave with their coordinator) {
  const auto stable = groups_in(group_state::stable);
  const auto empty = groups_in(group_state::empty);
  const auto members = counted.members.value();
  const auto rebalances = counted.rebalances.value();
  const auto alive = counters_of(actor_kind::coordinator).alive.value();
  start();
  CAF_CHECK_EQUAL(groups_in(group_state::empty), empty);  // nobody is in it, and nothing is stored
  bring_to_stable();
  CAF_CHECK_EQUAL(groups_in(group_state::stable), stable + 1);
  CAF_CHECK_EQUAL(groups_in(group_state::empty), empty);
  CAF_CHECK_EQUAL(counted.members.value(), members + 1);
  CAF_CHECK_EQUAL(counted.rebalances.value(), rebalances + 1);
  CAF_CHECK_EQUAL(counters_of(actor_kind::coordinator).alive.value(), alive + 1);
  stop();
  CAF_CHECK_EQUAL(groups_in(group_state::stable), stable);
  CAF_CHECK_EQUAL(counted.members.value(), members);
  CAF_CHECK_EQUAL(counters_of(actor_kind::coordinator).alive.value(), alive);
}

CAF_TEST_FIXTURE_SCOPE_END()
