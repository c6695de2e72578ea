#define CAF_SUITE segments_bytes

#include "smq/segments/log_bytes.hpp"

#include "segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

result<std::uint64_t> bytes_of(stored_log& stored) {
  result<std::uint64_t> answer{{status::unknown, "no answer", 0}, 0};
  log_bytes(stored.store, place.directory, {}, [&](result<std::uint64_t> found) { answer = std::move(found); });
  return answer;
}

std::uint64_t chunk_bytes(const stored_log& stored) {
  std::uint64_t all = 0;
  for (const auto& [id, bytes] : stored.store.chunks) all += bytes.size();
  return all;
}

}  // namespace

CAF_TEST(the bytes of a log are those of its chunks in all files) {
  stored_log stored;
  CAF_CHECK(bytes_of(stored).is_ok());
  CAF_CHECK_EQUAL(bytes_of(stored).value, 0u);
  stored.options.max_chunks_per_segment = 2;
  for (int i = 0; i < 9; ++i) stored.append_one(1, 1'000'000'000LL * (i + 1), 100);
  entry foreign;
  foreign.path = place.directory + "/2026-01-01-00-00-00";  // a native broker's file
  foreign.chunks = {{"x", 0, 5000, 0}};
  stored.store.entries[foreign.path] = foreign;
  for (std::size_t page : {1u, 2u, 1000u}) {
    stored.store.page_limit = page;
    CAF_CHECK(bytes_of(stored).is_ok());
    CAF_CHECK_EQUAL(bytes_of(stored).value, chunk_bytes(stored));
  }
}

CAF_TEST(a list that fails is no size) {
  stored_log stored;
  stored.append_one(1, 1'000'000'000);
  stored.store.fail_with = outcome{status::unknown, "gone", 0};
  CAF_CHECK(bytes_of(stored).what.code == status::unknown);
}
