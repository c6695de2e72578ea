#define CAF_SUITE bench_latency
#include "actors/cli/bench/latency.hpp"

#include "caf/test/unit_test.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace tidegate::cli::bench;
using std::chrono::nanoseconds;

CAF_TEST(nothing was recorded) {
  const latency_histogram none;
  CAF_CHECK_EQUAL(none.count(), 0u);
  CAF_CHECK_EQUAL(none.at(0.5).count(), 0);
  CAF_CHECK_EQUAL(none.max().count(), 0);
}

CAF_TEST(small values are exact and shares count from the smallest) {
  latency_histogram times;
  for (int i = 1; i <= 100; ++i) times.record(nanoseconds(i));
  CAF_CHECK_EQUAL(times.count(), 100u);
  CAF_CHECK_EQUAL(times.at(0).count(), 1);
  CAF_CHECK_EQUAL(times.at(0.01).count(), 1);
  CAF_CHECK_EQUAL(times.at(0.5).count(), 50);
  CAF_CHECK_EQUAL(times.at(0.99).count(), 99);
  CAF_CHECK_EQUAL(times.at(0.999).count(), 100);
  CAF_CHECK_EQUAL(times.at(1).count(), 100);
}

CAF_TEST(one slow value is the maximum and not the median) {
  latency_histogram times;
  for (int i = 0; i < 999; ++i) times.record(std::chrono::microseconds(100));
  times.record(std::chrono::seconds(7));
  CAF_CHECK(times.at(0.999) <= std::chrono::microseconds(101));
  CAF_CHECK_EQUAL(times.at(1).count(), 7'000'000'000);
  CAF_CHECK_EQUAL(times.max().count(), 7'000'000'000);
}

CAF_TEST(every value from nothing to the largest is kept to within one part in 128) {
  std::mt19937_64 random(1);
  std::vector<std::int64_t> values = {0, 1, 127, 128, 255, 256, 257, 511, 512, std::numeric_limits<std::int64_t>::max()};
  for (int i = 0; i < 2000; ++i) values.push_back(static_cast<std::int64_t>(random() >> (1 + random() % 63)));
  for (const auto value : values) {
    latency_histogram times;
    times.record(nanoseconds(value));
    times.record(nanoseconds::max());  // so that the maximum does not correct it
    const auto shown = times.at(0.5).count();
    CAF_CHECK(shown >= value);
    CAF_CHECK(shown - value <= value / 128);
  }
}

CAF_TEST(shares agree with a sorted list) {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> about(13, 2);
  latency_histogram times;
  std::vector<std::int64_t> sorted;
  for (int i = 0; i < 10'000; ++i) {
    sorted.push_back(static_cast<std::int64_t>(about(random)));
    times.record(nanoseconds(sorted.back()));
  }
  std::ranges::sort(sorted);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = sorted[static_cast<std::size_t>(std::ceil(share * 10'000)) - 1];
    const auto shown = times.at(share).count();
    CAF_CHECK(shown >= exact);
    CAF_CHECK(shown - exact <= exact / 128);
  }
}

CAF_TEST(a clock that went back counts as nothing) {
  latency_histogram times;
  times.record(nanoseconds(-5));
  CAF_CHECK_EQUAL(times.count(), 1u);
  CAF_CHECK_EQUAL(times.max().count(), 0);
}
