#define CAF_SUITE orphan_rules
// Which needles are orphans: sets, index files and verdicts, without a cluster.
#include "smq/seaweedmq/orphans/needle_set.hpp"
#include "smq/seaweedmq/orphans/verdict.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <set>

using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;

namespace {

std::vector<needle> left_of(needle_set& candidates) {
  std::vector<needle> left;
  while (!candidates.is_empty())
    for (const auto& one : candidates.take_volume()) left.push_back(one);
  return left;
}

void write(std::vector<std::byte>& index, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) index.push_back(static_cast<std::byte>(value >> (8 * i)));
}

/// As SeaweedFS writes it; the fifth byte of an offset stands behind the other four.
void write_entry(std::vector<std::byte>& index, std::uint64_t key, std::uint64_t offset, std::int32_t size,
                 unsigned offset_bytes) {
  write(index, key, 8);
  write(index, offset & 0xffffffffU, 4);
  if (offset_bytes == 5) write(index, offset >> 32U, 1);
  write(index, static_cast<std::uint32_t>(size), 4);
}

needle_copy copy_on(const std::string& server) { return {server, {}, 7, 8, 100, 1000, "ours"}; }

needle_copy absent_on(const std::string& server) { return {server, {status::absent, "already deleted", 0}, 0, 0, 0, 0, ""}; }

verdict of(const std::vector<needle_copy>& copies, std::uint64_t cutoff = 2000) { return judge(copies, "ours", cutoff).is; }

}  // namespace

CAF_TEST(what is left is what some replica has and nobody names) {
  CAF_CHECK(rc::check("sets", [] {
    needle_set candidates;
    std::set<needle> there;
    std::set<needle> named;
    const auto steps = *rc::gen::inRange(0, 40);
    for (int i = 0; i < steps; ++i) {
      const auto volume = *rc::gen::inRange<std::uint32_t>(1, 4);
      if (*rc::gen::arbitrary<bool>()) {
        const auto keys = *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, 12));
        candidates.add(volume, keys);
        for (const auto key : keys) there.insert({volume, key});
      } else {
        const needle one{volume, *rc::gen::inRange<std::uint64_t>(1, 12)};
        // A name of what nobody has listed yet says nothing about what is listed later.
        if (there.contains(one)) named.insert(one);
        candidates.erase(one);
      }
    }
    std::vector<needle> expected;
    for (const auto& one : there)
      if (!named.contains(one)) expected.push_back(one);
    RC_ASSERT(candidates.size() == expected.size());
    RC_ASSERT(left_of(candidates) == expected);
    RC_ASSERT(candidates.size() == 0U);
  }));
}

CAF_TEST(an index file says which needles are there) {
  CAF_CHECK(rc::check("index", [] {
    const auto offset_bytes = *rc::gen::element(4U, 5U);
    std::vector<std::byte> index;
    std::set<std::uint64_t> there;
    const std::vector<std::uint64_t> all{1, 2, 3, 0x0102030405060708, ~std::uint64_t{0}};
    const auto entries = *rc::gen::inRange(0, 60);
    for (int i = 0; i < entries; ++i) {
      const auto key = *rc::gen::elementOf(all);
      const auto kind = *rc::gen::inRange(0, 4);  // written twice as often as deleted
      const auto offset = kind == 0 ? std::uint64_t{0} : *rc::gen::inRange<std::uint64_t>(1, 1ULL << (8 * offset_bytes));
      write_entry(index, key, offset, kind == 1 ? -1 : *rc::gen::inRange(0, 1 << 30), offset_bytes);
      if (kind >= 2) there.insert(key);
      else there.erase(key);
    }
    // An entry that is being written.
    index.resize(index.size() + *rc::gen::inRange<std::size_t>(0, 12 + offset_bytes), std::byte{1});
    RC_ASSERT(live_keys(index, offset_bytes) == std::vector<std::uint64_t>(there.begin(), there.end()));
  }));
}

CAF_TEST(only an old upload of ours of which all copies are the same is an orphan) {
  CAF_CHECK(of({copy_on("a")}) == verdict::orphan);
  CAF_CHECK(of({copy_on("a"), copy_on("b")}) == verdict::orphan);
  CAF_CHECK(of({copy_on("a")}, 1001) == verdict::orphan);
  CAF_CHECK(of({absent_on("a"), copy_on("b")}) == verdict::orphan);  // b was away while it was deleted
  CAF_CHECK(of({copy_on("a"), absent_on("b")}) == verdict::orphan);
  CAF_CHECK(of({copy_on("a")}, 1000) == verdict::young);
  CAF_CHECK(of({absent_on("a"), absent_on("b")}) == verdict::gone);
  CAF_CHECK(of({}) == verdict::doubtful);
}

CAF_TEST(a clock that is behind makes chunks young) {
  using namespace std::chrono_literals;
  const auto at = [](std::chrono::seconds s) { return std::chrono::system_clock::time_point{s}; };
  CAF_CHECK_EQUAL(cutoff_of(at(5000s), 3000s), 2000U);
  for (const auto older_than : {5000s, 5001s, 86'400s, std::chrono::seconds::max()}) {
    CAF_CHECK_EQUAL(cutoff_of(at(5000s), older_than), 0U);
    CAF_CHECK(of({copy_on("a")}, cutoff_of(at(5000s), older_than)) == verdict::young);
  }
  CAF_CHECK_EQUAL(cutoff_of(at(0s), 1s), 0U);
  CAF_CHECK_EQUAL(cutoff_of(at(-5000s), 1s), 0U);
  CAF_CHECK(of({copy_on("a")}, cutoff_of(at(900s), 1s)) == verdict::young);  // stored at 1000
}

CAF_TEST(a mark that is not ours is somebody elses) {
  auto other = copy_on("a");
  for (const auto* mark : {"", "theirs", "our", "oursx"}) {
    other.mark = mark;
    CAF_CHECK(of({other}) == verdict::foreign);
    CAF_CHECK(judge({other}, "", 2000).is == verdict::foreign);
  }
}

CAF_TEST(copies that differ are kept) {
  for (const auto change : {0, 1, 2, 3}) {
    auto other = copy_on("b");
    if (change == 0) other.cookie = 0;
    if (change == 1) other.crc = 0;
    if (change == 2) other.mark = "theirs";
    if (change == 3) other.what = {status::unknown, "deadline", 0};
    for (const auto& copies : {std::vector{copy_on("a"), other}, std::vector{other, copy_on("a")}}) {
      const auto got = judge(copies, "ours", 2000);
      CAF_CHECK(got.is == verdict::doubtful);
      CAF_CHECK(got.reason.find("b") != std::string::npos);
    }
  }
  // On its way to the second server.
  CAF_CHECK(of({copy_on("a"), absent_on("b")}, 1000) == verdict::young);
  auto silent = copy_on("b");
  silent.what = {status::unknown, "deadline", 0};
  CAF_CHECK(of({copy_on("a"), silent}, 1000) == verdict::doubtful);
}
