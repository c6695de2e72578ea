#define CAF_SUITE bench_batches
// What `tidegate bench` sends is what the gateway takes; what it reads is what the gateway says it is.
#include "actors/cli/bench/batches.hpp"

#include "messages/kafka/record_batch.hpp"

#include "caf/test/unit_test.hpp"

#include <limits>

using namespace tidegate;
using namespace tidegate::cli::bench;

namespace {

constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();

/// What the gateway says about a produced batch.
kafka::batch_check check(byte_view batch) {
  kafka::batch_limits limits;
  limits.max_batch_bytes = std::size_t{1} << 30U;
  return kafka::validate_batch(batch, limits);
}

/// Batches of these numbers of records, one behind the other from offset `first` on.
byte_buffer log_of(std::int64_t first, const std::vector<std::int32_t>& counts) {
  byte_buffer log;
  for (const auto count : counts) {
    auto batch = make_batch(count, 10, 5);
    kafka::set_base_offset(batch, first);
    log.insert(log.end(), batch.begin(), batch.end());
    first += count;
  }
  return log;
}

}  // namespace

CAF_TEST(the gateway takes every batch) {
  for (const std::int32_t records : {1, 2, 63, 64, 65, 1000, 9000})
    for (const std::size_t bytes : {0, 1, 7, 8, 63, 64, 1000}) {
      const auto batch = make_batch(records, bytes, 1'700'000'000'000);
      const auto found = check(batch);
      CAF_CHECK_EQUAL(found.reason, "");
      CAF_CHECK_EQUAL(found.error, error_code::none);
      CAF_CHECK_EQUAL(found.header.record_count, records);
      CAF_CHECK_EQUAL(found.header.producer_id, -1);
      CAF_CHECK_EQUAL(found.max_timestamp, 1'700'000'000'000);
    }
}

CAF_TEST(a batch is as large as it may be and no larger) {
  for (const std::size_t value : {0, 1, 60, 100, 1000, 100'000})
    for (const std::size_t most : {100, 1000, 65536, 1'048'588}) {
      const auto records = records_within(most, value);
      const auto size = make_batch(records, value, 0).size();
      CAF_CHECK(size <= most || records == 1);
      CAF_CHECK(make_batch(records + 1, value, 0).size() > most);
    }
}

CAF_TEST(a patched batch belongs to the producer and all else stays) {
  auto batch = make_batch(100, 50, 7);
  const auto before = batch;
  for (const auto& mark : {producer_mark{4000, 3, 0}, producer_mark{1LL << 40, 32767, 2'147'483'647}}) {
    set_producer(batch, mark);
    const auto found = check(batch);
    CAF_CHECK_EQUAL(found.reason, "");
    CAF_CHECK_EQUAL(found.header.producer_id, mark.producer_id);
    CAF_CHECK_EQUAL(found.header.producer_epoch, mark.epoch);
    CAF_CHECK_EQUAL(found.header.base_sequence, mark.sequence);
  }
  set_producer(batch, {});
  CAF_CHECK(batch == before);
}

CAF_TEST(sequences go round) {
  CAF_CHECK_EQUAL(sequence_after(0, 10), 10);
  CAF_CHECK_EQUAL(sequence_after(2'147'483'640, 7), 2'147'483'647);
  CAF_CHECK_EQUAL(sequence_after(2'147'483'640, 8), 0);
  CAF_CHECK_EQUAL(sequence_after(2'147'483'640, 10), 2);
}

CAF_TEST(batches are read one after the other) {
  const auto log = log_of(100, {3, 1, 20});
  const auto found = read_batches(log, 100, everything, true);
  CAF_CHECK_EQUAL(found.problem, "");
  CAF_CHECK_EQUAL(found.next_offset, 124);
  CAF_CHECK_EQUAL(found.records, 24);
  CAF_CHECK_EQUAL(found.bytes, static_cast<std::int64_t>(log.size()));
}

CAF_TEST(what begins at the end or is cut short is left) {
  auto log = log_of(0, {3, 4});
  CAF_CHECK_EQUAL(read_batches(log, 0, 3, false).next_offset, 3);
  for (const auto cut : {1u, 30u, 61u, 100u}) {
    const auto found = read_batches(byte_view(log).first(log.size() - cut), 0, everything, false);
    CAF_CHECK_EQUAL(found.problem, "");
    CAF_CHECK_EQUAL(found.next_offset, 3);
  }
  CAF_CHECK_EQUAL(read_batches({}, 5, everything, false).next_offset, 5);
}

CAF_TEST(reading begins in the middle of a batch) {
  const auto log = log_of(10, {5, 5});
  const auto found = read_batches(log, 12, everything, false);
  CAF_CHECK_EQUAL(found.problem, "");
  CAF_CHECK_EQUAL(found.records, 8);
  CAF_CHECK_EQUAL(found.next_offset, 20);
}

CAF_TEST(a record that is missing is named) {
  auto log = log_of(0, {3, 4});
  const auto later = log_of(9, {2});
  log.insert(log.end(), later.begin(), later.end());
  const auto found = read_batches(log, 0, everything, false);
  CAF_CHECK_EQUAL(found.problem, "missing: offsets 7 to 8");
  CAF_CHECK_EQUAL(found.next_offset, 7);
  CAF_CHECK_EQUAL(read_batches(later, 8, everything, false).problem, "missing: offset 8");
}

CAF_TEST(a record that comes again is named) {
  auto log = log_of(0, {3});
  const auto again = log_of(1, {5});
  log.insert(log.end(), again.begin(), again.end());
  CAF_CHECK_EQUAL(read_batches(log, 0, everything, false).problem, "not in order: offset 1 where 3 comes next");
  CAF_CHECK_EQUAL(read_batches(again, 20, everything, false).problem, "not in order: offset 1 where 20 comes next");
}

CAF_TEST(a batch with fewer records than offsets is named) {
  auto log = log_of(4, {3});
  log[60] = std::byte{2};  // the record count
  CAF_CHECK_EQUAL(read_batches(log, 4, everything, false).problem, "missing: 1 of the records from offset 4 to 6");
}

CAF_TEST(damage is found when it is looked for) {
  auto log = log_of(4, {3});
  log.back() ^= std::byte{1};
  CAF_CHECK_EQUAL(read_batches(log, 4, everything, false).problem, "");
  CAF_CHECK_EQUAL(read_batches(log, 4, everything, true).problem,
                  "damaged: the batch at offset 4 does not match its CRC");
  log[16] = std::byte{1};  // the magic byte
  CAF_CHECK_EQUAL(read_batches(log, 4, everything, false).problem, "damaged: no record batch of format v2 at offset 4");
  log[16] = std::byte{2};
  for (const auto length : {0xffU, 0x00U}) {  // negative, shorter than a header
    for (std::size_t i = 8; i < 12; ++i) log[i] = static_cast<std::byte>(length);
    CAF_CHECK_EQUAL(read_batches(log, 4, everything, false).problem, "damaged: no record batch of format v2 at offset 4");
  }
}
