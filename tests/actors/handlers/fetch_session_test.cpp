#define CAF_SUITE fetch_session
#include "actors/handlers/fetch_session.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::actors;

CAF_TEST(no more sessions than slots and a slot comes back with its session) {
  const fetch_session_slots slots{2};
  fetch_session first;
  first.slot = slots.take();
  {
    fetch_session second;
    second.slot = slots.take();
    CAF_CHECK(first.slot && second.slot);
    CAF_CHECK(!slots.take());
    CAF_CHECK(!slots.take());
  }
  CAF_CHECK(slots.take());
  first = {};
  const auto one = slots.take();
  const auto two = slots.take();
  CAF_CHECK(one && two);
}

CAF_TEST(without slots there are no sessions) {
  CAF_CHECK(!fetch_session_slots{0}.take());
}
