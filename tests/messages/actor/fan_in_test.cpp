#define CAF_SUITE fan_in
#include "messages/actor/fan_in.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::fan_in;

CAF_TEST(fires once with the results in slot order) {
  std::vector<std::vector<int>> fired;
  auto all = fan_in<int>::make(3, [&](std::vector<int> v) { fired.push_back(std::move(v)); });
  auto a = all->slot(0, -1);
  auto b = all->slot(1, -1);
  auto c = all->slot(2, -1);
  c(3);
  a(1);
  CAF_CHECK(fired.empty());
  b(2);
  a(9);
  CAF_REQUIRE_EQUAL(fired.size(), 1u);
  CAF_CHECK_EQUAL(fired[0], (std::vector<int>{1, 2, 3}));
}

CAF_TEST(a slot whose holder died counts with its default) {
  std::vector<int> got;
  auto all = fan_in<int>::make(2, [&](std::vector<int> v) { got = std::move(v); });
  all->slot(0, -1)(5);
  { auto dropped = all->slot(1, -7); }
  CAF_CHECK_EQUAL(got, (std::vector<int>{5, -7}));
}

CAF_TEST(nothing to wait for fires at once) {
  bool fired = false;
  fan_in<int>::make(0, [&](std::vector<int> v) { fired = v.empty(); });
  CAF_CHECK(fired);
}
