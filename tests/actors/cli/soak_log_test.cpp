#define CAF_SUITE soak_log
#include "actors/cli/soak_log.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::cli;

namespace {

/// Partition 1 of 3 with `count` records written: 1, 4, 7 …
partition_log written(int count) {
  partition_log log(1, 3);
  for (int i = 0; i < count; ++i) log.take_number();
  return log;
}

std::string wanted(const std::optional<mismatch>& found) { return found ? found->wanted : ""; }

}  // namespace

CAF_TEST(records that were acknowledged and are all there are known by their offsets) {
  auto log = written(4);
  for (const int i : {0, 1, 2, 3}) log.acknowledged(1 + 3 * i, i);
  for (const int i : {0, 1, 2, 3}) CAF_CHECK(!log.found(i, 1 + 3 * i));
  CAF_CHECK(!log.end_found(4));
  CAF_CHECK_EQUAL(log.number_at(0), 1);
  CAF_CHECK_EQUAL(log.number_at(3), 10);
  CAF_CHECK_EQUAL(log.kept(), 1u);
}

CAF_TEST(an acknowledged record that is missing is named) {
  auto log = written(3);
  log.acknowledged(4, 1);
  CAF_CHECK(!log.found(0, 1));
  CAF_CHECK_EQUAL(wanted(log.found(1, 7)), "record 4 at offset 1, which was acknowledged");
  CAF_CHECK_EQUAL(wanted(log.end_found(1)), "record 4 at offset 1, which was acknowledged");
}

CAF_TEST(an acknowledged record at another offset is named) {
  auto log = written(2);
  log.acknowledged(4, 0);
  CAF_CHECK(!log.found(0, 1));
  CAF_CHECK_EQUAL(wanted(log.found(1, 4)), "record 4 at offset 0, which was acknowledged");
}

CAF_TEST(an acknowledgement without an offset holds wherever the record is) {
  auto log = written(2);
  log.acknowledged(4, -1);
  CAF_CHECK(!log.found(0, 1));
  CAF_CHECK_EQUAL(wanted(log.end_found(1)), "record 4, which was acknowledged");
  CAF_CHECK(!log.found(1, 4));
  CAF_CHECK(!log.end_found(2));
}

CAF_TEST(a repeated record and a wrong order and a hole and a stranger are seen) {
  auto log = written(3);
  CAF_CHECK(!log.found(0, 4));
  CAF_CHECK_EQUAL(wanted(log.found(1, 4)), "a record above 4");
  CAF_CHECK_EQUAL(wanted(log.found(1, 1)), "a record above 4");
  CAF_CHECK_EQUAL(wanted(log.found(2, 7)), "offset 1");
  CAF_CHECK_EQUAL(wanted(log.found(1, 10)), "a record that was written here");  // not yet
  CAF_CHECK_EQUAL(wanted(log.found(1, 6)), "a record that was written here");   // to partition 0
  CAF_CHECK_EQUAL(wanted(log.end_found(2)), "the end at offset 1");
}

CAF_TEST(unacknowledged records may be there or not and what is known of them goes when nobody needs it) {
  auto log = written(6);
  log.acknowledged(1, 0);
  log.acknowledged(16, 3);
  CAF_CHECK(!log.found(0, 1));
  CAF_CHECK(!log.found(1, 7));
  CAF_CHECK(!log.found(2, 10));
  CAF_CHECK(!log.found(3, 16));
  CAF_CHECK(!log.end_found(4));
  CAF_CHECK_EQUAL(log.number_at(0), 1);
  CAF_CHECK_EQUAL(log.number_at(2), 10);
  CAF_CHECK_EQUAL(log.number_at(3), 16);
  CAF_CHECK_EQUAL(log.kept(), 3u);
  log.forget_below(2);
  CAF_CHECK_EQUAL(log.kept(), 2u);
  CAF_CHECK_EQUAL(log.number_at(2), 10);
  log.forget_below(4);
  CAF_CHECK_EQUAL(log.kept(), 1u);
  CAF_CHECK_EQUAL(log.number_at(3), 16);
}

CAF_TEST(positions lie between the old one and the end and meet batches and are the same for a seed) {
  const std::vector<std::int64_t> batch_ends = {100, 250, 333};
  int ends = 0;
  int at_batches = 0;
  for (std::uint64_t group = 0; group < 1000; ++group) {
    auto random = random_of(7, 3, group);
    auto again = random_of(7, 3, group);
    const auto chosen = choose_position(random, 50, 400, batch_ends);
    CAF_CHECK_EQUAL(chosen, choose_position(again, 50, 400, batch_ends));
    CAF_REQUIRE(chosen >= 50 && chosen <= 400);
    ends += chosen == 400;
    at_batches += chosen == 100 || chosen == 250 || chosen == 333;
  }
  CAF_CHECK(ends > 100 && ends < 400);
  CAF_CHECK(at_batches > 80 && at_batches < 400);
  auto random = random_of(7, 3, 0);
  CAF_CHECK_EQUAL(choose_position(random, 400, 400, batch_ends), 400);
}
