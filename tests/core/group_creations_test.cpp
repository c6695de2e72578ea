#define CAF_SUITE group_creations
#include "actors/core/group/group_creations.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::core;
using namespace std::chrono_literals;

CAF_TEST(an address that creates groups too fast waits and the others do not notice) {
  group_creations all(2);
  group_creations::time_point now{};
  for (int i = 0; i < 20; ++i) CAF_CHECK(!all.create("a", now));
  CAF_CHECK(all.create("a", now) == 500ms);
  CAF_CHECK(!all.create("b", now));
  now += 400ms;
  CAF_CHECK(all.create("a", now) == 100ms);
  now += 100ms;
  CAF_CHECK(!all.create("a", now));
  CAF_CHECK(all.create("a", now));
  now += 24h;
  for (int i = 0; i < 20; ++i) CAF_CHECK(!all.create("a", now));
  CAF_CHECK(all.create("a", now));
}

CAF_TEST(addresses that create none any more are forgotten) {
  group_creations all(100);
  group_creations::time_point now{};
  for (int i = 0; i < 1000; ++i) all.create("busy", now);
  for (int i = 0; i < 100'000; ++i) {
    now += 1us;
    all.create(std::to_string(i), now);
    if (i % 1000 == 0) now += 10ms;
  }
  CAF_CHECK(all.rows() < 5000u);
}
