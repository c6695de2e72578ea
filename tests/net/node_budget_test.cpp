#define CAF_SUITE node_budget
#include "net/node_budget.hpp"

#include "caf/test/unit_test.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

using namespace tidegate::net;

namespace {

constexpr auto free_bytes = node_budget::free_bytes;

struct fixture;

/// A connection without a socket: what it holds is told by hand.
struct connection : node_budget::waiter, std::enable_shared_from_this<connection> {
  fixture& all;
  const int number;
  budget_share share;

  connection(fixture& f, int n);
  void on_turn() override;

  /// Beyond what is free.
  void hold(std::size_t bytes, std::size_t requests = 0) { share.hold(requests, free_bytes + bytes); }
  bool asks() {
    const auto may = share.may_go_on();
    if (!may) share.wait(weak_from_this());
    return may;
  }
};

struct fixture {
  std::shared_ptr<node_budget> node;
  std::deque<int> turns;

  explicit fixture(std::size_t bytes, std::size_t requests = 1000)
    : node(std::make_shared<node_budget>(node_limits{requests, bytes, 1000})) {}

  std::shared_ptr<connection> open(int number) { return std::make_shared<connection>(*this, number); }
};

connection::connection(fixture& f, int n) : all(f), number(n), share(f.node) {}
void connection::on_turn() { all.turns.push_back(number); }

}  // namespace

CAF_TEST(the first request and the first bytes of a connection are not counted) {
  fixture f(100);
  auto a = f.open(1);
  a->share.hold(1, free_bytes);
  CAF_CHECK_EQUAL(f.node->bytes(), 0);
  CAF_CHECK_EQUAL(f.node->requests(), 0);
  a->share.hold(3, free_bytes + 40);
  CAF_CHECK_EQUAL(f.node->bytes(), 40);
  CAF_CHECK_EQUAL(f.node->requests(), 2);
  a->share.keep_unsent(7);
  a.reset();
  CAF_CHECK_EQUAL(f.node->bytes(), 0);
  CAF_CHECK_EQUAL(f.node->requests(), 0);
  CAF_CHECK_EQUAL(f.node->unsent(), 0);
}

CAF_TEST(what crosses a limit is the last) {
  fixture f(100, 10);
  auto a = f.open(1);
  auto b = f.open(2);
  a->hold(99);
  CAF_CHECK(b->share.may_go_on());
  b->hold(500);
  CAF_CHECK(!a->share.may_go_on());
  b->hold(0, 11);
  a->hold(0);
  CAF_CHECK(!f.node->has_room_for_requests());
  CAF_CHECK(!a->share.may_go_on());
  b->hold(0, 10);
  CAF_CHECK(a->share.may_go_on());
}

CAF_TEST(a full node lets one go on at a time and in the order of coming) {
  fixture f(100);
  auto holder = f.open(0);
  holder->hold(100);
  std::vector<std::shared_ptr<connection>> waiting;
  for (int i = 1; i <= 3; ++i) {
    waiting.push_back(f.open(i));
    CAF_CHECK(!waiting.back()->asks());
    CAF_CHECK(!waiting.back()->asks() || i == 1);  // who asks twice keeps its place
  }
  CAF_CHECK((f.turns == std::deque<int>{1}));
  CAF_CHECK(waiting[0]->share.may_go_on());
  waiting[0]->hold(50);
  waiting[0]->share.went_on();
  CAF_CHECK(waiting[0]->share.holds_up(false));
  waiting[0]->share.have_request();
  CAF_CHECK(!waiting[0]->share.holds_up(false));
  CAF_CHECK(!waiting[0]->asks());  // for a second one
  CAF_CHECK((f.turns == std::deque<int>{1}));
  waiting[0]->share.have_answer();
  waiting[0]->hold(0);
  CAF_CHECK((f.turns == std::deque<int>{1, 2}));
  CAF_CHECK(!waiting[2]->share.may_go_on());
}

CAF_TEST(while there is room the turn is passed on and nobody who comes later overtakes) {
  fixture f(100);
  auto holder = f.open(0);
  holder->hold(100);
  auto a = f.open(1);
  auto b = f.open(2);
  auto late = f.open(3);
  CAF_CHECK(!a->asks());
  CAF_CHECK(!b->asks());
  holder->hold(60);
  CAF_CHECK(!late->asks());  // there is room, but others were first
  CAF_CHECK(a->asks());
  a->hold(10);
  a->share.went_on();
  CAF_CHECK((f.turns == std::deque<int>{1, 2}));
  CAF_CHECK(a->asks());  // it goes on without the turn, from its old place
  CAF_CHECK(b->asks());
  b->hold(30);
  b->share.went_on();
  CAF_CHECK(!a->asks());
  b->share.have_request();
  b->share.have_answer();
  CAF_CHECK((f.turns == std::deque<int>{1, 2, 1}));
}

CAF_TEST(who leaves with the turn or from the line holds nobody up) {
  fixture f(100);
  auto holder = f.open(0);
  holder->hold(100);
  auto a = f.open(1);
  auto b = f.open(2);
  auto c = f.open(3);
  for (auto& each : {a, b, c}) CAF_CHECK(!each->asks());
  b.reset();
  a->share.give_up();
  CAF_CHECK((f.turns == std::deque<int>{1, 3}));
}

CAF_TEST(a turn whose connection went stays with its request) {
  fixture f(100);
  auto holder = f.open(0);
  holder->hold(100);
  auto a = f.open(1);
  auto b = f.open(2);
  CAF_CHECK(!a->asks());
  CAF_CHECK(!b->asks());
  CAF_CHECK(a->asks());
  a->hold(70, 1);
  a->share.have_request();
  a->share.give_up();
  CAF_CHECK((f.turns == std::deque<int>{1}));
  a.reset();
  CAF_CHECK((f.turns == std::deque<int>{1, 2}));
}

/// Connections send requests of any size, piece by piece; each is answered some time after it is whole. Whatever the
/// order, every request gets through, and the node never holds more than its limit and one request for the turn.
CAF_TEST(everybody gets through and the node stays below its bound) {
  constexpr std::size_t limit = 1000;
  constexpr std::size_t largest = 600;
  constexpr std::size_t piece = 50;
  struct client {
    std::shared_ptr<connection> link;
    std::size_t size = 0;
    std::size_t come = 0;
    bool is_whole = false;
    int left = 20;
  };
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    fixture f(limit);
    std::vector<client> clients;
    for (int i = 0; i < 12; ++i) clients.push_back({f.open(i), 1 + random() % largest});
    std::int64_t most = 0;
    std::size_t open = clients.size();
    for (std::size_t step = 0; open > 0; ++step) {
      if (step == 1'000'000) CAF_FAIL("somebody waits for ever, seed " << seed);
      auto& one = clients[random() % clients.size()];
      if (one.left == 0) continue;
      if (one.is_whole) {
        if (random() % 20 != 0) continue;  // the store takes its time
        one.is_whole = false;
        one.link->share.have_answer();
        one.link->hold(0);
        one.come = 0;
        one.size = 1 + random() % largest;
        if (--one.left == 0) --open;
        continue;
      }
      if (!one.link->asks()) continue;
      one.come = std::min(one.size, one.come + piece);
      one.link->hold(one.come);
      one.is_whole = one.come == one.size;
      if (one.is_whole) one.link->share.have_request();
      one.link->share.went_on();
      most = std::max(most, f.node->bytes());
    }
    CAF_CHECK(most <= static_cast<std::int64_t>(limit + largest + piece));
    CAF_CHECK_EQUAL(f.node->bytes(), 0);
    CAF_CHECK_EQUAL(f.node->waiting(), 0u);
    CAF_CHECK_EQUAL(f.node->turn(), 0u);
  }
}
