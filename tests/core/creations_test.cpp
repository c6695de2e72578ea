#define CAF_SUITE creations
#include "actors/core/creations.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::core;
using namespace std::chrono_literals;

namespace {

constexpr creations::answer admitted{};

creations::answer refused(std::chrono::milliseconds wait) { return {false, wait}; }

}  // namespace

CAF_TEST(an address that creates too fast waits and the others do not notice) {
  creations all(2);
  creations::time_point now{};
  for (int i = 0; i < 20; ++i) CAF_CHECK(all.create("a", 1, now) == admitted);
  CAF_CHECK(all.create("a", 1, now) == refused(500ms));
  CAF_CHECK(all.create("b", 1, now) == admitted);
  now += 400ms;
  CAF_CHECK(all.create("a", 1, now) == refused(100ms));
  now += 100ms;
  CAF_CHECK(all.create("a", 1, now) == admitted);
  CAF_CHECK(all.create("a", 1, now) == refused(500ms));
  now += 24h;
  for (int i = 0; i < 20; ++i) CAF_CHECK(all.create("a", 1, now) == admitted);
  CAF_CHECK(all.create("a", 1, now) == refused(500ms));
}

CAF_TEST(many at once are owed) {
  creations all(10);
  creations::time_point now{};
  CAF_CHECK(all.create("a", 1000, now) == admitted);  // it had credit for 100
  CAF_CHECK(all.create("a", 1, now) == refused(90'100ms));
  now += 90s;
  CAF_CHECK(all.create("a", 1, now) == refused(100ms));
  now += 100ms;
  CAF_CHECK(all.create("a", 1, now) == admitted);
}

CAF_TEST(who is patient gets a turn after those before and nobody waits for longer) {
  creations all(1);
  creations::time_point now{};
  CAF_CHECK(all.create("a", 12, now) == admitted);
  CAF_CHECK((all.create("a", 4, now, 10s) == creations::answer{true, 3s}));
  CAF_CHECK((all.create("a", 4, now, 10s) == creations::answer{true, 7s}));
  CAF_CHECK(all.create("a", 4, now, 10s) == refused(11s));
  now += 1s;
  CAF_CHECK((all.create("a", 1, now, 10s) == creations::answer{true, 10s}));
}

CAF_TEST(addresses that create none any more are forgotten) {
  creations all(100);
  creations::time_point now{};
  for (int i = 0; i < 1000; ++i) all.create("busy", 1, now);
  for (int i = 0; i < 100'000; ++i) {
    now += 1us;
    all.create(std::to_string(i), 1, now);
    if (i % 1000 == 0) now += 10ms;
  }
  CAF_CHECK(all.rows() < 5000u);
}

CAF_TEST(all addresses of an IPv6 network of 64 bits are one client) {
  const auto same = [](const char* a, const char* b) { return creations::owner_of(a) == creations::owner_of(b); };
  CAF_CHECK(same("/[2001:db8:0:1::1]", "/[2001:db8:0:1:ffff::2]"));
  CAF_CHECK(!same("/[2001:db8:0:1::1]", "/[2001:db8:0:2::1]"));
  CAF_CHECK(!same("/[::ffff:10.0.0.1]", "/[::ffff:10.0.0.2]"));
  CAF_CHECK(!same("/10.0.0.1", "/10.0.0.2"));
  CAF_CHECK(!same("/[nonsense]", "/[more]"));
}
