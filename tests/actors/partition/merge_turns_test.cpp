#define CAF_SUITE merge_turns
#include "actors/partition/merge_turns.hpp"

#include "caf/test/unit_test.hpp"

#include <vector>

using tidegate::actors::merge_turns;

CAF_TEST(one has the turn at a time and who asks first comes first) {
  auto turns = std::make_shared<merge_turns>();
  std::vector<int> granted;
  std::vector<merge_turns::turn> held;
  for (int i = 0; i < 3; ++i)
    turns->ask([&, i](merge_turns::turn turn) {
      granted.push_back(i);
      held.push_back(std::move(turn));
    });
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0}));
  auto copy = held[0];
  held[0].reset();
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0}));
  copy.reset();
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0, 1}));
  auto second = std::move(held[1]);
  second.reset();
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0, 1, 2}));
}

CAF_TEST(many who are gone give their turns on without nesting) {
  auto turns = std::make_shared<merge_turns>();
  merge_turns::turn first;
  turns->ask([&](merge_turns::turn turn) { first = std::move(turn); });
  CAF_CHECK(first);  // who holds one can tell
  int passed = 0;
  for (int i = 0; i < 200'000; ++i) turns->ask([&](const merge_turns::turn&) { ++passed; });
  bool is_last = false;
  turns->ask([&](const merge_turns::turn&) { is_last = passed == 200'000; });
  CAF_CHECK_EQUAL(passed, 0);
  first.reset();
  CAF_CHECK(is_last);
}

CAF_TEST(as many have a turn as there are and each that ends is the turn of the next) {
  auto turns = std::make_shared<merge_turns>(3);
  std::vector<int> granted;
  std::vector<merge_turns::turn> held;
  for (int i = 0; i < 6; ++i)
    turns->ask([&, i](merge_turns::turn turn) {
      granted.push_back(i);
      held.push_back(std::move(turn));
    });
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0, 1, 2}));
  auto second = std::move(held[1]);
  second.reset();
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0, 1, 2, 3}));
  for (const auto i : {0U, 2U}) {
    auto ended = std::move(held[i]);
    ended.reset();
  }
  CAF_CHECK_EQUAL(granted, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}
