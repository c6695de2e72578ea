#define CAF_SUITE reply
#include "messages/common/reply.hpp"

#include "caf/test/unit_test.hpp"

#include <optional>

using tidegate::reply;

CAF_TEST(the first answer wins) {
  std::vector<int> seen;
  {
    reply<int> r{-1, [&](int v) { seen.push_back(v); }};
    auto copy = r;
    copy(1);
    r(2);
  }
  CAF_CHECK_EQUAL(seen, std::vector<int>{1});
}

CAF_TEST(a reply that is dropped by all its holders answers with its default) {
  std::vector<int> seen;
  std::optional<reply<int>> a{std::in_place, -1, [&](int v) { seen.push_back(v); }};
  auto b = a;
  a.reset();
  CAF_CHECK(seen.empty());
  b.reset();
  CAF_CHECK_EQUAL(seen, std::vector<int>{-1});
}
