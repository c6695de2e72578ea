#define CAF_SUITE producer_ids
#include "smq/producer_ids.hpp"

#include "tests/smq/fencing/memory_engine.hpp"

#include "caf/test/unit_test.hpp"

#include <set>

using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

struct fixture {
  memory_engine engine;
  producer_id_options options;

  fixture() {
    engine.immediate = true;
    options.random = counting_uuids();
    options.now = [] { return time_point{}; };
    options.wall_us = [] { return std::int64_t{0}; };
  }
};

result<std::int64_t> take(producer_ids& from) {
  result<std::int64_t> got{{status::unknown, "not answered", 0}, -1};
  from.next([&](result<std::int64_t> r) { got = std::move(r); });
  return got;
}

}  // namespace

CAF_TEST(ids count up and a block is one transaction) {
  fixture f;
  producer_ids ids{f.engine, f.options};
  for (std::int64_t i = 0; i < 1001; ++i) CAF_REQUIRE_EQUAL(take(ids).value, i);
  CAF_CHECK_EQUAL(f.engine.transactions.size(), 2u);
}

CAF_TEST(two nodes never give the same id and a restart skips the rest of its block) {
  fixture f;
  producer_ids one{f.engine, f.options};
  producer_ids two{f.engine, f.options};
  CAF_CHECK_EQUAL(take(one).value, 0);
  CAF_CHECK_EQUAL(take(two).value, 1000);
  CAF_CHECK_EQUAL(take(one).value, 1);
  producer_ids restarted{f.engine, f.options};
  CAF_CHECK_EQUAL(take(restarted).value, 2000);
}

CAF_TEST(a store that was put back gives out no id a second time) {
  fixture f;
  std::int64_t wall_us = 1'000'000;
  f.options.wall_us = [&wall_us] { return wall_us; };
  producer_ids one{f.engine, f.options};
  CAF_CHECK_EQUAL(take(one).value, 1'000'000);
  const auto kept = f.engine.entries;
  producer_ids two{f.engine, f.options};
  CAF_CHECK_EQUAL(take(two).value, 1'001'000);  // behind the last block, which the clock has not reached
  f.engine.entries = kept;
  wall_us += 60'000'000;
  producer_ids restarted{f.engine, f.options};
  CAF_CHECK_EQUAL(take(restarted).value, 61'000'000);
}

CAF_TEST(two nodes that take a block at the same moment get different ones) {
  fixture f;
  f.engine.immediate = false;
  producer_ids one{f.engine, f.options};
  producer_ids two{f.engine, f.options};
  std::set<std::int64_t> seen;
  for (auto* ids : {&one, &two}) ids->next([&](const result<std::int64_t>& r) { seen.insert(r.value); });
  while (f.engine.run_one()) continue;
  CAF_CHECK(seen == (std::set<std::int64_t>{0, 1000}));
}

CAF_TEST(a block in doubt is left unused) {
  for (auto doubt : {fault::unknown_lost, fault::unknown_applied, fault::unknown_late}) {
    fixture f;
    f.engine.script = {{doubt, 0}};
    producer_ids ids{f.engine, f.options};
    auto first = take(ids);
    CAF_CHECK(first.is_ok());
    f.engine.deliver_late();
    producer_ids other{f.engine, f.options};
    CAF_CHECK(take(other).value >= first.value + 1000);
  }
}

CAF_TEST(everybody who waits gets an id even when they are more than a block) {
  fixture f;
  f.engine.immediate = false;
  f.options.block_size = 3;
  producer_ids ids{f.engine, f.options};
  std::set<std::int64_t> seen;
  for (int i = 0; i < 8; ++i) ids.next([&](const result<std::int64_t>& r) { seen.insert(r.value); });
  while (f.engine.run_one()) continue;
  CAF_CHECK_EQUAL(seen.size(), 8u);
}

CAF_TEST(errors are answered and the next call tries again) {
  fixture f;
  producer_ids ids{f.engine, f.options};
  f.engine.failing_gets = 5;
  CAF_CHECK(take(ids).what.code == status::unknown);
  f.engine.script = {{fault::refused, 0}};
  CAF_CHECK(take(ids).what.code == status::refused);
  CAF_CHECK_EQUAL(take(ids).value, 0);
  f.engine.entries[producer_ids_path()].content = "x";
  producer_ids damaged{f.engine, f.options};
  CAF_CHECK(take(damaged).what.code == status::refused);
}
