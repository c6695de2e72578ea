#define CAF_SUITE downtimes
#include "actors/core/downtimes.hpp"

#include "caf/test/unit_test.hpp"

using namespace std::chrono_literals;
using tidegate::core::downtimes;

namespace {
const downtimes<int>::time_point start{};
}

CAF_TEST(a child stays down for its own backoff and its neighbours do not) {
  downtimes<int> down;
  CAF_CHECK(down.may_start(1, start));
  CAF_CHECK(!down.crashed(1, start));
  CAF_CHECK(!down.may_start(1, start + 49ms));
  CAF_CHECK(down.may_start(1, start + 50ms));
  CAF_CHECK(down.may_start(2, start));
}

CAF_TEST(a child that keeps crashing is quarantined until its first crash is a minute old) {
  downtimes<int> down;
  for (int i = 0; i < 5; ++i) CAF_CHECK(!down.crashed(1, start + i * 1s));
  CAF_CHECK(down.crashed(1, start + 5s));
  down.crashed(2, start + 59s);  // forgets nothing that counts
  CAF_CHECK(!down.may_start(1, start + 59s));
  CAF_CHECK(down.may_start(1, start + 60s));
}

CAF_TEST(a quarantine ends by command and a backoff does not) {
  downtimes<int> down;
  for (int i = 0; i < 6; ++i) down.crashed(1, start);
  for (int i = 0; i < 6; ++i) down.crashed(3, start);
  down.crashed(2, start);
  const auto all = [](int) { return true; };
  CAF_CHECK_EQUAL(down.release_if([](int key) { return key == 1; }, start), 1u);
  CAF_CHECK(down.may_start(1, start));
  CAF_CHECK(!down.may_start(3, start));
  CAF_CHECK_EQUAL(down.release_if(all, start), 1u);
  CAF_CHECK_EQUAL(down.release_if(all, start), 0u);
  CAF_CHECK(!down.may_start(2, start));
  CAF_CHECK(!down.crashed(1, start));  // as if it had never crashed
  CAF_CHECK(down.may_start(1, start + 50ms));
}

CAF_TEST(what crashed long ago is forgotten) {
  downtimes<int> down;
  for (int i = 0; i < 1000; ++i) down.crashed(i, start + i * 1s);
  CAF_CHECK_EQUAL(down.size(), 60u);
}
