#define CAF_SUITE bench_resume
// Where groups leave, and what stands there.
#include "actors/cli/bench/batches.hpp"
#include "actors/cli/bench/group_lanes.hpp"
#include "actors/cli/bench/resume_plan.hpp"

#include "messages/kafka/record_batch.hpp"

#include "caf/test/unit_test.hpp"

#include <set>

using namespace tidegate;
using namespace tidegate::cli::bench;
using std::chrono::milliseconds;

namespace {

resume_plan plan_of(std::int64_t records, std::size_t value_bytes = 0) { return {"T", 8, records, value_bytes, {}}; }

/// The records of partition 3 from offset `first` on, in one batch.
byte_buffer batch_of(std::int64_t first, std::int64_t count) {
  std::vector<std::string> values;
  for (auto offset = first; offset < first + count; ++offset) values.push_back(value_of(plan_of(100, 40), 3, offset));
  auto batch = make_batch(values, 7);
  kafka::set_base_offset(batch, first);
  return batch;
}

byte_buffer joined(byte_buffer a, const byte_buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

CAF_TEST(positions stay the same in every release) {
  CAF_CHECK_EQUAL(position_of(plan_of(100), "bench-resume-0", 0), 63);
  CAF_CHECK_EQUAL(position_of(plan_of(100), "bench-resume-0", 1), 97);
  CAF_CHECK_EQUAL(position_of(plan_of(100), "bench-resume-1", 0), 80);
  CAF_CHECK_EQUAL(position_of(plan_of(1'000'000), "bench-resume-99", 99'999), 192584);
}

CAF_TEST(positions are everywhere where a record comes next) {
  std::set<std::int64_t> seen, in_first;
  for (int g = 0; g < 100; ++g)
    for (std::int32_t p = 0; p < 10; ++p) {
      const auto position = position_of(plan_of(20), "g" + std::to_string(g), p);
      seen.insert(position);
      if (g == 0) in_first.insert(position);
      CAF_CHECK_EQUAL(position_of(plan_of(1), "g" + std::to_string(g), p), 0);
    }
  CAF_CHECK_EQUAL(seen.size(), 20u);
  CAF_CHECK_EQUAL(*seen.begin(), 0);
  CAF_CHECK_EQUAL(*seen.rbegin(), 19);
  CAF_CHECK(in_first.size() > 4);
}

CAF_TEST(a value names its place and is as large as wanted) {
  CAF_CHECK_EQUAL(value_of(plan_of(9), 3, 17), "T-3@17");
  CAF_CHECK_EQUAL(value_of(plan_of(9, 9), 3, 17), "T-3@17...");
  CAF_CHECK_EQUAL(value_of(plan_of(9, 2), 3, 17), "T-3@17");
  CAF_CHECK_EQUAL(words_of_value("T-3@17..."), "\"T-3@17\" (9 bytes)");
  CAF_CHECK_EQUAL(words_of_value(""), "\"\" (0 bytes)");
  CAF_CHECK_EQUAL(words_of_value("a\n\xff z"), "\"a?? z\" (5 bytes)");
  CAF_CHECK_EQUAL(words_of_value(std::string(1000, 'x')), "\"" + std::string(300, 'x') + "\" (1000 bytes)");
}

CAF_TEST(the gateway takes batches of given values) {
  const std::vector<std::string> values{"", "one", std::string(70'000, 'x')};
  kafka::batch_limits limits;
  limits.max_batch_bytes = std::size_t{1} << 30U;
  const auto found = kafka::validate_batch(make_batch(values, 5), limits);
  CAF_CHECK_EQUAL(found.reason, "");
  CAF_CHECK_EQUAL(found.header.record_count, 3);
  CAF_CHECK_EQUAL(found.max_timestamp, 5);
}

CAF_TEST(the first record from any position is found) {
  const auto log = joined(joined(batch_of(10, 1), batch_of(11, 70)), batch_of(81, 5));
  for (std::int64_t position = 10; position < 86; ++position) {
    const auto found = first_record_from(log, position);
    CAF_CHECK_EQUAL(found.problem, "");
    CAF_CHECK_EQUAL(found.offset, position);
    CAF_CHECK_EQUAL(as_text(found.value), value_of(plan_of(100, 40), 3, position));
  }
  CAF_CHECK_EQUAL(first_record_from(log, 3).offset, 10);
  CAF_CHECK_EQUAL(first_record_from(log, 86).offset, -1);
  CAF_CHECK_EQUAL(first_record_from({}, 0).offset, -1);
}

CAF_TEST(records with keys and without values are read) {
  auto batch = batch_of(5, 1);
  batch.resize(61);  // the header
  const std::string record("\x12\0\0\0\6key\1\0", 10);  // size, attributes, time, offset delta, key, no value, headers
  for (const char one : record) batch.push_back(static_cast<std::byte>(one));
  batch[11] = static_cast<std::byte>(batch.size() - 12);
  set_producer(batch, {});  // renews the CRC
  const auto found = first_record_from(batch, 5);
  CAF_CHECK_EQUAL(found.problem, "");
  CAF_CHECK_EQUAL(found.offset, 5);
  CAF_CHECK(found.value.empty());
}

CAF_TEST(a batch that is cut short is left for the next fetch) {
  const auto log = batch_of(0, 5);
  for (const auto size : {std::size_t{1}, std::size_t{60}, std::size_t{61}, log.size() - 1}) {
    const auto found = first_record_from(byte_view(log).first(size), 2);
    CAF_CHECK_EQUAL(found.problem, "");
    CAF_CHECK_EQUAL(found.offset, -1);
  }
}

CAF_TEST(what is damaged or compressed is no record) {
  auto log = batch_of(4, 3);
  log.back() ^= std::byte{1};
  CAF_CHECK_EQUAL(first_record_from(log, 5).problem, "damaged: the batch at offset 4 does not match its CRC");
  log = batch_of(4, 3);
  log[22] = std::byte{3};  // attributes: lz4
  set_producer(log, {});   // renews the CRC
  CAF_CHECK_EQUAL(first_record_from(log, 5).problem, "compressed: the batch at offset 4, which was written without");
  log[16] = std::byte{1};  // the magic byte
  CAF_CHECK_EQUAL(first_record_from(log, 5).problem, "damaged: no record batch of format v2 at offset 5");
}

CAF_TEST(records that are none end the search) {
  const auto whole = batch_of(4, 3);
  for (auto at = std::size_t{61}; at < whole.size(); ++at)
    for (const auto with : {0x00U, 0x7fU, 0x80U, 0xffU}) {
      auto log = whole;
      std::fill(log.begin() + static_cast<std::ptrdiff_t>(at), log.end(), static_cast<std::byte>(with));
      set_producer(log, {});
      const auto found = first_record_from(log, 6);
      CAF_CHECK(found.problem.empty() ? found.offset >= 6
                                      : found.problem == "missing: the batch at offset 4 has no record from offset 6 on, "
                                                         "though it should");
    }
}

CAF_TEST(what waits is taken when its moment has come and the oldest first) {
  const clock::time_point start(std::chrono::hours(1));
  waiting_list<int> list;
  CAF_CHECK(list.due() == never);
  CAF_CHECK(!list.take(start));
  list.add(start + milliseconds(50), 3);
  list.add(start, 1);
  list.add(start, 2);
  CAF_CHECK(list.due() == start);
  CAF_CHECK_EQUAL(list.take(start), 1);
  CAF_CHECK_EQUAL(list.take(start), 2);
  CAF_CHECK(!list.take(start + milliseconds(49)));
  CAF_CHECK(list.due() == start + milliseconds(50));
  CAF_CHECK_EQUAL(list.take(start + milliseconds(50)), 3);
  CAF_CHECK(list.is_empty());
}
