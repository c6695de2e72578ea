#define CAF_SUITE group_describe
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using core::group_phase;

CAF_TEST(members are described with what they had while the group rebalances) {
  group_fixture f;
  const auto ids = f.bring_to(group_phase::stable);
  const auto before = f.group.describe();
  CAF_REQUIRE(!before.members.at(0).assignment.empty());
  f.join(group_fixture::join_request());
  const auto during = f.group.describe();
  CAF_CHECK_EQUAL(during.state, "PreparingRebalance");
  for (const auto& one : before.members)
    for (const auto& now : during.members)
      if (now.member_id == one.member_id) CAF_CHECK(now.assignment == one.assignment && now.metadata.empty());
}
