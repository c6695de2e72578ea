#define CAF_SUITE shard_look
#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::test;
using enum write_result;

namespace {

/// A node that looks at its fences, with one write behind it.
struct looking : shard_fixture {
  entry first = engine.entries[path];
  answers got;
  std::shared_ptr<session> writer;
  time_point now{};

  looking() {
    options.now = [this] { return now; };
    options.look_every = std::chrono::seconds{10};
    store = make_store();
    writer = open("g/a");
    writer->write({put("/a", "1")}, write_class::commit, got.at(1));
    while (engine.run_one()) continue;
  }

  void look() {
    CAF_REQUIRE(run_timer());
    while (engine.run_one()) continue;
  }
};

}  // namespace

CAF_TEST(a fence that is as it was lets the node go on) {
  looking f;
  for (int i = 0; i < 3; ++i) f.look();
  CAF_CHECK_EQUAL(f.fenced_calls, 0);
  f.writer->write({put("/a", "2")}, write_class::commit, f.got.at(2));
  while (f.engine.run_one()) continue;
  CAF_CHECK(f.got.are({{1, stored}, {2, stored}}));
}

CAF_TEST(a node without writes learns that its fence is gone or taken or older) {
  for (auto loss : {fence_loss::rewound, fence_loss::gone, fence_loss::taken}) {
    looking f;
    if (loss == fence_loss::rewound) f.engine.entries[f.path] = f.first;
    if (loss == fence_loss::gone) f.engine.entries.erase(f.path);
    if (loss == fence_loss::taken) f.take_over();
    f.look();
    CAF_CHECK_EQUAL(f.fenced_calls, 1);
    CAF_CHECK(f.loss == loss);
    f.writer->write({put("/a", "2")}, write_class::commit, f.got.at(2));
    CAF_CHECK(f.got.are({{1, stored}, {2, fenced}}));
  }
}

CAF_TEST(a look beside a write changes nothing) {
  for (const bool write_is_first : {false, true}) {
    looking f;
    CAF_REQUIRE(f.run_timer());  // the read is on its way
    f.writer->write({put("/a", "2")}, write_class::commit, f.got.at(2));
    CAF_REQUIRE_EQUAL(f.engine.pending.size(), 2u);
    if (write_is_first) std::swap(f.engine.pending[0], f.engine.pending[1]);
    while (f.engine.run_one()) continue;
    CAF_CHECK(f.got.are({{1, stored}, {2, stored}}));
    f.look();
    CAF_CHECK_EQUAL(f.fenced_calls, 0);
  }
}

CAF_TEST(doubt about the fence changes nothing) {
  looking f;
  f.engine.entries.erase(f.path);
  f.engine.failing_gets = 1;
  f.look();
  CAF_CHECK_EQUAL(f.fenced_calls, 0);
  f.look();
  CAF_CHECK_EQUAL(f.fenced_calls, 1);
}

CAF_TEST(a store that answers no look is noticed) {
  looking f;
  f.now += std::chrono::seconds{10};
  f.look();
  CAF_CHECK_EQUAL(f.store->unanswered_for().count(), 0);
  for (int i = 1; i <= 3; ++i) {
    f.engine.failing_gets = 1;
    f.now += std::chrono::seconds{10};
    f.look();
    CAF_CHECK_EQUAL(f.store->unanswered_for().count(), 10'000 * i);
  }
  f.look();
  CAF_CHECK_EQUAL(f.store->unanswered_for().count(), 0);
  f.now += std::chrono::seconds{10};
  f.writer->write({put("/a", "2")}, write_class::commit, f.got.at(2));
  while (f.engine.run_one()) continue;
  CAF_CHECK_EQUAL(f.store->unanswered_for().count(), 0);
}

CAF_TEST(nobody looks after the store is gone) {
  looking f;
  f.store.reset();
  CAF_CHECK(f.run_timer());
  CAF_CHECK(!f.engine.run_one());
  CAF_CHECK(!f.run_timer());
}
