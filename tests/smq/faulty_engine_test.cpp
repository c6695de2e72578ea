#define CAF_SUITE faulty_engine
#include "tests/smq/faulty_engine.hpp"

#include "tests/smq/test_engine.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

/// Counts through the fault layer the way a shard does: compare-and-set of a fence, resolve by reading.
int count_up(faulty_engine& faulty, int steps) {
  const blocking store{faulty.ports()};
  std::optional<std::string> fence;
  int acknowledged = 0;
  for (int i = 0; i < steps; ++i) {
    const auto next = std::to_string(i) + "/tx";
    while (true) {
      const auto o = store.transact({"/f/fence", fence}, {put("/d/" + std::to_string(i), "x"), put("/f/fence", next)});
      if (o.is_ok()) break;
      const auto now = store.get("/f/fence");
      if (now.is_ok() && now.value.content == next) break;
    }
    fence = next;
    ++acknowledged;
  }
  return acknowledged;
}

}  // namespace

CAF_TEST(a counter that resolves unknown outcomes by its fence loses nothing) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    scratch_directory home;
    embedded::options wanted;
    wanted.sync = false;
    const auto store = open_embedded(home.path(), wanted);
    faulty_engine faulty{store->ports(), {.seed = seed}, seed % 2 == 0};
    CAF_CHECK_EQUAL(count_up(faulty, 60), 60);
    faulty.heal();
    faulty.settle();
    CAF_CHECK_EQUAL(blocking{store->ports()}.list("/d").value.entries.size(), 60U);
    CAF_CHECK_EQUAL(blocking{store->ports()}.get("/f/fence").value.content, "59/tx");
  }
}
