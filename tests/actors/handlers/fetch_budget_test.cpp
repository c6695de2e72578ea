#define CAF_SUITE fetch_budget
#include "actors/handlers/fetch_budget.hpp"

#include "caf/test/unit_test.hpp"

#include <deque>
#include <limits>

using namespace tidegate::actors;

namespace {

constexpr std::int32_t any = std::numeric_limits<std::int32_t>::max();

/// Runs the reads; partition i has `stored[i]` bytes in batches of `batch`. Returns what each read was allowed, and the
/// most that was in memory.
struct run {
  std::vector<std::int32_t> granted;
  std::int64_t most = 0;

  run(const std::vector<std::int64_t>& stored, std::int64_t bytes, std::int64_t batch) : granted(stored.size(), -1) {
    std::vector<paced_reads::one> all;
    for (std::size_t i = 0; i < stored.size(); ++i) all.push_back({i, any});
    paced_reads reads{std::move(all), bytes};
    std::deque<paced_reads::one> running;
    std::int64_t kept = 0;
    while (!reads.is_done()) {
      while (auto one = reads.next()) running.push_back(*one);
      const auto one = running.front();
      running.pop_front();
      granted[one.index] = one.max_bytes;
      const auto fits = std::min<std::int64_t>(stored[one.index], one.max_bytes / batch * batch);
      const auto read = std::max(fits, std::min(batch, stored[one.index]));
      most = std::max(most, kept + read);
      if (one.max_bytes > 0) kept += read;
      reads.answered(one.max_bytes, one.max_bytes > 0 ? read : 0);
    }
  }
};

}  // namespace

CAF_TEST(one partition gets everything) {
  const run r({1000}, 500, 10);
  CAF_CHECK_EQUAL(r.granted.front(), 500);
}

CAF_TEST(a thousand partitions together stay within the limit) {
  const run r(std::vector<std::int64_t>(1000, 1 << 30), 50'000'000, 100'000);
  CAF_CHECK(r.most <= 50'000'000 + 16 * 100'000);
  CAF_CHECK(r.most > 40'000'000);
}

CAF_TEST(what empty partitions leave over goes to later ones) {
  std::vector<std::int64_t> stored(100, 0);
  stored.back() = 1'000'000;
  const run r(stored, 1'000'000, 10);
  CAF_CHECK(r.granted.back() >= 1'000'000 / 16);  // the rest is promised to the fifteen that still run
}

CAF_TEST(behind the limit partitions are asked for their bounds alone) {
  const run r(std::vector<std::int64_t>(100, 1000), 1000, 1000);
  CAF_CHECK_EQUAL(r.granted.back(), 0);
  CAF_CHECK(r.most <= 17 * 1000);
}

CAF_TEST(a budget gives no more than it has and gets everything back) {
  auto node = std::make_shared<fetch_budget>(100);
  auto connection = std::make_shared<fetch_budget>(60);
  {
    fetch_grant first{connection, node};
    first.raise_to(1000);
    CAF_CHECK_EQUAL(first.bytes(), 60);
    CAF_CHECK_EQUAL(node->free(), 40);
    fetch_grant same_connection{connection, node};
    same_connection.raise_to(10);
    CAF_CHECK_EQUAL(same_connection.bytes(), 0);
    fetch_grant other{std::make_shared<fetch_budget>(60), node};
    other.raise_to(50);
    CAF_CHECK_EQUAL(other.bytes(), 40);
    other.set(70);  // its first batch was larger
    CAF_CHECK_EQUAL(node->free(), -30);
    first.set(5);
    CAF_CHECK_EQUAL(connection->free(), 55);
  }
  CAF_CHECK_EQUAL(node->free(), 100);
  CAF_CHECK_EQUAL(connection->free(), 60);
}
