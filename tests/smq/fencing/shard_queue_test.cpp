#define CAF_SUITE shard_queue
// What the queue of a shard takes.
#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;
using enum write_result;

CAF_TEST(a unit that is larger than the bound of the queue waits alone) {
  shard_fixture f;
  f.options.max_queued_bytes = 200;
  f.store = f.make_store();
  answers got;
  auto a = f.open("g/a");
  a->write({put("/sent", "")}, write_class::commit, got.at(0));
  a->write({put("/a", std::string(1'000, 'x'))}, write_class::commit, got.at(1));
  a->write({put("/b", "")}, write_class::commit, got.at(2));
  CAF_CHECK(got.are({{2, refused}}));
  f.run_all();
  CAF_CHECK(got.are({{2, refused}, {0, stored}, {1, stored}}));
}
