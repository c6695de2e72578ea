#define CAF_SUITE window_counters
#include "smq/counters.hpp"
#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::test;

CAF_TEST(a window is undecided while it is on its way and then counted once) {
  shard_fixture f;
  answers got;
  const auto stored = counted.windows_stored.value();
  const auto undecided = counted.windows_undecided.value();
  const auto mutations = counted.window_mutations.sum();
  auto s = f.open("g/a");
  s->write({put("/a", "1"), put("/b", "1")}, write_class::commit, got.at(1));
  CAF_CHECK_EQUAL(counted.windows_undecided.value(), undecided + 1);
  CAF_CHECK_EQUAL(counted.windows_stored.value(), stored);
  f.run_all();
  CAF_CHECK_EQUAL(counted.windows_undecided.value(), undecided);
  CAF_CHECK_EQUAL(counted.windows_stored.value(), stored + 1);
  CAF_CHECK_EQUAL(counted.window_mutations.sum(), mutations + 2);
}

CAF_TEST(a lost fence is counted) {
  shard_fixture f;
  answers got;
  const auto lost = counted.fences_lost.value();
  const auto fenced = counted.windows_fenced.value();
  auto s = f.open("g/a");
  f.take_over();
  s->write({put("/a", "1")}, write_class::commit, got.at(1));
  f.run_all();
  CAF_CHECK(got.are({{1, write_result::fenced}}));
  CAF_CHECK_EQUAL(counted.fences_lost.value(), lost + 1);
  CAF_CHECK_EQUAL(counted.windows_fenced.value(), fenced + 1);
}
