#define CAF_SUITE fair_queue
#include "actors/core/fair_queue.hpp"

#include "caf/test/unit_test.hpp"

#include <memory>

using tidegate::core::fair_queue;

namespace {

/// Everything that is left, in order.
std::string rest(fair_queue<std::string>& all) {
  std::string out;
  while (!all.empty()) out += (out.empty() ? "" : " ") + all.pop();
  return out;
}

}  // namespace

CAF_TEST(one owner is served in order) {
  fair_queue<std::string> all;
  CAF_CHECK(all.empty());
  for (const auto* piece : {"1", "2", "3"}) all.push("a", piece);
  CAF_CHECK(!all.empty());
  CAF_CHECK_EQUAL(rest(all), "1 2 3");
}

CAF_TEST(who brings many delays another by one) {
  fair_queue<std::string> all;
  for (const auto* piece : {"a1", "a2", "a3", "a4"}) all.push("a", piece);
  for (const auto* piece : {"b1", "b2"}) all.push("b", piece);
  CAF_CHECK_EQUAL(all.pop(), "a1");
  all.push("c", "c1");
  CAF_CHECK_EQUAL(rest(all), "b1 a2 c1 b2 a3 a4");
}

CAF_TEST(who had a turn and comes again is behind the others) {
  fair_queue<std::string> all;
  all.push("a", "a1");
  all.push("b", "b1");
  CAF_CHECK_EQUAL(all.pop(), "a1");
  all.push("a", "a2");
  all.push("b", "b2");
  CAF_CHECK_EQUAL(all.pop(), "b1");
  CAF_CHECK_EQUAL(rest(all), "a2 b2");
}

CAF_TEST(what is taken is not kept) {
  fair_queue<std::shared_ptr<int>> all;
  const auto piece = std::make_shared<int>(1);
  all.push("a", piece);
  all.push("a", nullptr);
  CAF_CHECK(all.pop() == piece);
  CAF_CHECK_EQUAL(piece.use_count(), 1);
}
