#define CAF_SUITE tail_cache
#include "actors/core/tail_cache.hpp"

#include "caf/test/unit_test.hpp"

#include <memory>
#include <vector>

using namespace tidegate;

namespace {

planned_batch batch(std::int64_t base_offset, std::int32_t count, std::size_t size) {
  planned_batch p;
  p.base_offset = base_offset;
  p.record_count = count;
  p.batch = shared_bytes(byte_buffer(size, static_cast<std::byte>(base_offset)));
  return p;
}

/// The base offsets of what a read returned; -1: not in memory.
std::vector<int> read(const core::tail_cache& c, std::int64_t offset, std::size_t max_bytes) {
  const auto found = c.read(offset, max_bytes);
  if (!found) return {-1};
  std::vector<int> out;
  for (const auto& b : *found) out.push_back(std::to_integer<int>(b.data()[0]));
  return out;
}

}  // namespace

CAF_TEST(reads return whole batches from the one that holds the offset) {
  core::tail_cache c{1000};
  CAF_CHECK_EQUAL(read(c, 0, 100), std::vector<int>{-1});
  for (int base : {10, 15, 20}) c.push(batch(base, 5, 100));
  struct row {
    std::int64_t offset;
    std::size_t max_bytes;
    std::vector<int> expected;
  };
  const row rows[] = {{9, 1000, {-1}},
                      {10, 1000, {10, 15, 20}},
                      {14, 1000, {10, 15, 20}},
                      {15, 200, {15, 20}},
                      {12, 200, {10, 15}},
                      {12, 199, {10}},
                      {12, 1, {10}},
                      {12, 0, {10}},
                      {24, 300, {20}},
                      {25, 300, {}},
                      {99, 300, {}}};
  for (const auto& r : rows) CAF_CHECK_EQUAL(read(c, r.offset, r.max_bytes), r.expected);
}

CAF_TEST(the oldest leave when the bytes do not suffice) {
  core::tail_cache c{250};
  for (int base : {10, 15, 20}) c.push(batch(base, 5, 100));
  CAF_CHECK_EQUAL(c.bytes(), 200U);
  CAF_CHECK_EQUAL(read(c, 10, 1000), std::vector<int>{-1});
  CAF_CHECK_EQUAL(read(c, 15, 1000), (std::vector<int>{15, 20}));
  c.push(batch(25, 5, 251));
  CAF_CHECK_EQUAL(c.bytes(), 0U);
  CAF_CHECK_EQUAL(read(c, 25, 1000), std::vector<int>{-1});
}

CAF_TEST(a gap between batches is read over) {
  core::tail_cache c{1000};
  c.push(batch(10, 5, 10));
  c.push(batch(40, 5, 10));
  CAF_CHECK_EQUAL(read(c, 20, 1000), std::vector<int>{40});
  CAF_CHECK_EQUAL(read(c, 14, 1000), (std::vector<int>{10, 40}));
}

CAF_TEST(trimming drops what ends below the log start) {
  core::tail_cache c{1000};
  for (int base : {10, 15, 20}) c.push(batch(base, 5, 100));
  c.trim(19);
  CAF_CHECK_EQUAL(c.bytes(), 200U);
  c.trim(25);
  CAF_CHECK_EQUAL(c.bytes(), 0U);
}

CAF_TEST(small batches are copied and large ones stay slices) {
  core::tail_cache c{1000, 100};
  const auto small = batch(0, 1, 99);
  const auto large = batch(1, 1, 100);
  c.push(small);
  c.push(large);
  const auto found = c.read(0, 1000);
  CAF_REQUIRE(found && found->size() == 2);
  CAF_CHECK((*found)[0] == small.batch && (*found)[0].data() != small.batch.data());
  CAF_CHECK((*found)[1].data() == large.batch.data());
}

CAF_TEST(tails take what they want while half of the budget is free) {
  auto node = std::make_shared<core::tail_budget>(1000);
  core::tail_cache quiet{1000, 0, node};
  core::tail_cache busy{1000, 0, node};
  quiet.push(batch(0, 1, 10));
  for (int base : {0, 1, 2, 3}) busy.push(batch(base, 1, 120));
  CAF_CHECK_EQUAL(busy.bytes(), 480u);
}

CAF_TEST(a newcomer gets its share from those who hold more) {
  auto node = std::make_shared<core::tail_budget>(900);
  core::tail_cache first{1000, 0, node};
  core::tail_cache second{1000, 0, node};
  core::tail_cache newcomer{1000, 0, node};
  for (int base = 0; base < 9; ++base) first.push(batch(base, 1, 100));
  CAF_CHECK_EQUAL(first.bytes(), 900u);
  for (int base = 0; base < 9; ++base) second.push(batch(base, 1, 100));
  CAF_CHECK_EQUAL(second.bytes(), 100u);  // the newest, until the other one is touched
  CAF_CHECK_EQUAL(read(second, 8, 1000), std::vector<int>{8});
  first.give_up_excess();
  CAF_CHECK_EQUAL(first.bytes(), 400u);
  for (int base = 9; base < 18; ++base) second.push(batch(base, 1, 100));
  CAF_CHECK_EQUAL(second.bytes(), 400u);
  for (int base = 0; base < 9; ++base) {
    newcomer.push(batch(base, 1, 100));
    first.push(batch(9 + base, 1, 100));
    second.give_up_excess();
  }
  for (const auto* c : {&first, &second, &newcomer}) CAF_CHECK_EQUAL(c->bytes(), 300u);
}

CAF_TEST(the tails of a node never hold more than twice its budget) {
  constexpr std::int64_t budget = 1000;
  auto node = std::make_shared<core::tail_budget>(budget);
  std::vector<std::unique_ptr<core::tail_cache>> all;
  const auto held = [&] {
    std::size_t bytes = 0;
    for (const auto& c : all) bytes += c->bytes();
    return bytes;
  };
  for (int tails = 0; tails < 100; ++tails) {
    all.push_back(std::make_unique<core::tail_cache>(800, 0, node));
    for (int base = 0; base < 30; ++base) all.back()->push(batch(base, 1, static_cast<std::size_t>(1 + base * 7)));
    CAF_CHECK_LESS_OR_EQUAL(held(), 2u * budget);
  }
  for (auto& c : all) c->give_up_excess();
  CAF_CHECK_LESS_OR_EQUAL(held(), static_cast<std::size_t>(budget));
  for (auto& c : all) c->clear();
  core::tail_cache alone{5000, 0, node};
  for (int base = 0; base < 20; ++base) alone.push(batch(base, 1, 100));
  CAF_CHECK_EQUAL(alone.bytes(), 1000u);  // nothing of the others is left in the books
  alone.push(batch(20, 1, 1001));
  CAF_CHECK_EQUAL(alone.bytes(), 0u);
}
