#define CAF_SUITE counter
#include "messages/common/counter.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;

namespace {

constexpr std::array<std::uint64_t, 3> bounds{10, 20, 40};

}  // namespace

CAF_TEST(a histogram counts a value at the first bound that is not below it) {
  histogram<bounds> h;
  for (const std::uint64_t value : {0U, 10U, 11U, 20U, 40U, 41U, 1000000U}) h.observe(value);
  CAF_CHECK_EQUAL(h.count_in(0), 2u);
  CAF_CHECK_EQUAL(h.count_in(1), 2u);
  CAF_CHECK_EQUAL(h.count_in(2), 1u);
  CAF_CHECK_EQUAL(h.count_in(3), 2u);
  CAF_CHECK_EQUAL(h.sum(), 1000122u);
}

CAF_TEST(the bounds of requests go from half a millisecond to half a minute) {
  CAF_CHECK_EQUAL(request_bounds.front(), 500'000u);
  CAF_CHECK_EQUAL(request_bounds.back(), 30'000'000'000u);
  CAF_CHECK(std::is_sorted(request_bounds.begin(), request_bounds.end()));
  CAF_CHECK(std::is_sorted(disk_bounds.begin(), disk_bounds.end()));
  CAF_CHECK(std::is_sorted(count_bounds.begin(), count_bounds.end()));
}

CAF_TEST(a share leaves its gauge when it moves or dies) {
  gauge a;
  gauge b;
  {
    gauge_share share{a};
    CAF_CHECK_EQUAL(a.value(), 1);
    share.set(&b, 5);
    CAF_CHECK_EQUAL(a.value(), 0);
    CAF_CHECK_EQUAL(b.value(), 5);
    share.set(&b, 3);
    CAF_CHECK_EQUAL(b.value(), 3);
  }
  CAF_CHECK_EQUAL(b.value(), 0);
}
