#define CAF_SUITE bench_schedule
#include "actors/cli/bench/load.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::cli::bench;
using std::chrono::milliseconds;

CAF_TEST(requests are due at their rate and not when somebody had time) {
  schedule when(5, 100);
  const clock::time_point start(std::chrono::hours(1));
  when.start(start);
  CAF_CHECK(when.has_rate());
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK(!when.is_over());
    CAF_CHECK_EQUAL(milliseconds(10 * i).count(), std::chrono::duration_cast<milliseconds>(when.due() - start).count());
    when.take();
  }
  CAF_CHECK(when.is_over());
  CAF_CHECK_EQUAL(when.taken(), 5);
}

CAF_TEST(a rate does not drift) {
  schedule when(3'000'001, 3);
  const clock::time_point start(std::chrono::hours(1));
  when.start(start);
  for (int i = 0; i < 3'000'000; ++i) when.take();
  CAF_CHECK(std::chrono::abs(when.due() - start - std::chrono::seconds(1'000'000)) < milliseconds(1));
}

CAF_TEST(without a rate all are due at once) {
  schedule when(2, 0);
  CAF_CHECK(!when.has_rate());
  const clock::time_point start(std::chrono::hours(1));
  when.start(start);
  when.take();
  CAF_CHECK(when.due() == start);
}
