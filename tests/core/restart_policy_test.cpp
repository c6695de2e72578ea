#define CAF_SUITE restart_policy
#include "actors/core/restart_policy.hpp"

#include "caf/test/unit_test.hpp"

using namespace std::chrono_literals;
using tidegate::core::restart_policy;

namespace {
const restart_policy::time_point start{};
}

CAF_TEST(the backoff doubles up to its limit) {
  restart_policy policy{{.max_restarts = 10, .window = 60s, .first_backoff = 50ms, .max_backoff = 150ms}};
  CAF_CHECK(policy.crashed(start) == start + 50ms);
  CAF_CHECK(policy.crashed(start) == start + 100ms);
  CAF_CHECK(policy.crashed(start) == start + 150ms);
  CAF_CHECK(policy.crashed(start) == start + 150ms);
}

CAF_TEST(one crash too many keeps the child down until the window has passed) {
  restart_policy policy{{.max_restarts = 2, .window = 60s, .first_backoff = 50ms, .max_backoff = 1s}};
  policy.crashed(start);
  policy.crashed(start + 1s);
  CAF_CHECK(!policy.is_quarantined(start + 1s));
  CAF_CHECK(policy.crashed(start + 2s) == start + 60s);
  CAF_CHECK(policy.is_quarantined(start + 3s));
  CAF_CHECK(!policy.is_quarantined(start + 60s));
}

CAF_TEST(a policy is clean when its last crash left the window) {
  restart_policy policy{{.max_restarts = 1, .window = 10s, .first_backoff = 50ms, .max_backoff = 1s}};
  CAF_CHECK(policy.is_clean(start));
  policy.crashed(start);
  policy.crashed(start + 5s);
  CAF_CHECK(!policy.is_clean(start + 14s));
  CAF_CHECK(policy.is_clean(start + 15s));
}

CAF_TEST(crashes outside of the window are forgotten) {
  restart_policy policy{{.max_restarts = 1, .window = 10s, .first_backoff = 50ms, .max_backoff = 1s}};
  policy.crashed(start);
  CAF_CHECK(policy.crashed(start + 11s) == start + 11s + 50ms);
}
