#define CAF_SUITE clock_steps
#include "actors/core/clock_steps.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::core::clock_steps;

namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t start = 20'000 * day;  // wall time when the steady clock says 0

/// An hour is no step, and a step is believed after an hour.
struct watched {
  clock_steps steps{hour};
  std::int64_t now(std::int64_t wall_ms, std::int64_t steady_ms) { return steps.believed_ms(wall_ms, steady_ms, hour); }
};

}  // namespace

CAF_TEST(the first look is believed and so is time that goes by) {
  watched w;
  CAF_CHECK_EQUAL(w.now(start, 0), start);
  CAF_CHECK_EQUAL(w.now(start + 100 * day, 100 * day), start + 100 * day);
  CAF_CHECK_EQUAL(w.now(start + 100 * day + hour, 100 * day), start + 100 * day + hour);  // put right by a little
}

CAF_TEST(a clock that was put forward is believed when it stays so) {
  watched w;
  w.now(start, 0);
  CAF_CHECK_EQUAL(w.now(start + 100 * day, 1000), start + 1000);
  CAF_CHECK_EQUAL(w.now(start + 100 * day + hour - 1, 1000 + hour - 1), start + 1000 + hour - 1);
  CAF_CHECK_EQUAL(w.now(start + 100 * day + hour, 1000 + hour), start + 100 * day + hour);
  CAF_CHECK_EQUAL(w.now(start + 100 * day + hour + 1, 1000 + hour + 1), start + 100 * day + hour + 1);
}

CAF_TEST(a clock that was put back is believed at once and so is one that is right again) {
  watched w;
  w.now(start, 0);
  CAF_CHECK_EQUAL(w.now(start + 100 * day, 1000), start + 1000);
  CAF_CHECK_EQUAL(w.now(start + 2000, 2000), start + 2000);
  CAF_CHECK_EQUAL(w.now(start - 100 * day, 3000), start - 100 * day);
  CAF_CHECK_EQUAL(w.now(start, 4000), start - 100 * day + 1000);  // and forth again
}

CAF_TEST(another step forward has to last as long again) {
  watched w;
  w.now(start, 0);
  w.now(start + 100 * day, 1000);
  CAF_CHECK_EQUAL(w.now(start + 200 * day, hour), start + hour);
  CAF_CHECK_EQUAL(w.now(start + 200 * day, hour + 2000), start + hour + 2000);
  CAF_CHECK_EQUAL(w.now(start + 200 * day + hour, 2 * hour), start + 200 * day + hour);
}

CAF_TEST(what is only looked at counts too) {
  clock_steps steps{hour};
  steps.look(start, 0);
  steps.look(start - 100 * day, 1000);  // something is stored by a clock that is behind
  CAF_CHECK_EQUAL(steps.believed_ms(start, 2000, hour), start - 100 * day + 1000);
}
