#define CAF_SUITE record_batch
#include "messages/kafka/record_batch.hpp"

#include "messages/kafka/counters.hpp"
#include "tests/messages/kafka/batch_builder.hpp"

#include "caf/test/unit_test.hpp"

#include <functional>
#include <random>

using namespace tidegate;
using namespace tidegate::test;
using kafka::batch_limits;
using kafka::compression;

namespace {

constexpr compression all_codecs[] = {compression::none, compression::gzip, compression::snappy, compression::lz4,
                                      compression::zstd};

error_code verdict(byte_view batch, const batch_limits& limits = {}) {
  return kafka::validate_batch(batch, limits).error;
}

/// A batch without client code: one record, key null, value "hello", written by hand from the format's description.
byte_buffer golden() {
  static constexpr unsigned char bytes[] = {
      0, 0, 0, 0, 0,  0,    0,    0,    0,    0,    0,    61,   0xff, 0xff, 0xff, 0xff, 2,    0,    0,
      0, 0, 0, 0, 0,  0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    5,    0,    0,    0,
      0, 0, 0, 0, 5,  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0, 0, 0, 1, 22, 0,    0,    0,    1,    10,   'h',  'e',  'l',  'l',  'o',  0};
  byte_buffer out;
  for (auto b : bytes) out.push_back(static_cast<std::byte>(b));
  batch_builder::set_crc(out);
  return out;
}

}  // namespace

CAF_TEST(a batch written by hand is read field by field) {
  const auto batch = golden();
  const auto check = kafka::validate_batch(batch, {});
  CAF_CHECK(check.error == error_code::none);
  CAF_CHECK_EQUAL(check.header.batch_length, 61);
  CAF_CHECK_EQUAL(check.header.base_timestamp, 5);
  CAF_CHECK_EQUAL(check.header.producer_id, -1);
  CAF_CHECK_EQUAL(check.header.record_count, 1);
  CAF_CHECK_EQUAL(check.max_timestamp, 5);
}

CAF_TEST(good batches of every codec are accepted) {
  for (auto codec : all_codecs)
    for (int count : {1, 2, 500}) {
      auto b = batch_builder::of(count, 300);
      b.codec = codec;
      const auto check = kafka::validate_batch(b.build(), {});
      CAF_CHECK(check.error == error_code::none);
      CAF_CHECK_EQUAL(check.header.record_count, count);
      CAF_CHECK_EQUAL(check.max_timestamp, 1000 + count - 1);
      CAF_CHECK_EQUAL(check.max_timestamp_delta, count - 1);
    }
}

CAF_TEST(bad batches get the errors of the Kafka broker) {
  using enum error_code;
  struct row {
    const char* what;
    error_code expected;
    std::function<void(batch_builder&)> change;
  };
  const row rows[] = {
      {"magic 1", invalid_record, [](auto& b) { b.header.magic = 1; }},
      {"magic 0", invalid_record, [](auto& b) { b.header.magic = 0; }},
      {"base offset", invalid_record, [](auto& b) { b.header.base_offset = 1; }},
      {"control", invalid_record, [](auto& b) { b.header.attributes = 32; }},
      {"transactional", invalid_txn_state, [](auto& b) { b.header.attributes = 16; }},
      {"log append time", invalid_timestamp, [](auto& b) { b.header.attributes = 8; }},
      {"codec 5", unsupported_compression_type, [](auto& b) { b.header.attributes = 5; }},
      {"no records", invalid_record, [](auto& b) { b.records.clear(); }},
      {"offset gap", invalid_record, [](auto& b) { b.records[1].offset_delta = 2; }},
      {"offset repeated", invalid_record, [](auto& b) { b.records[1].offset_delta = 0; }},
      {"first offset 1", invalid_record, [](auto& b) { b.records[0].offset_delta = 1; }},
      {"count too high", invalid_record,
       [](auto& b) { b.sets_count = false, b.header.record_count = 4, b.header.last_offset_delta = 3; }},
      {"count too low", invalid_record,
       [](auto& b) { b.sets_count = false, b.header.record_count = 2, b.header.last_offset_delta = 1; }},
      {"count huge", invalid_record,
       [](auto& b) {
         b.sets_count = false, b.header.record_count = 2'000'000'000, b.header.last_offset_delta = 1'999'999'999;
       }},
      {"count negative", invalid_record,
       [](auto& b) { b.sets_count = false, b.header.record_count = -5, b.header.last_offset_delta = -6; }},
      {"delta differs", invalid_record,
       [](auto& b) { b.sets_count = false, b.header.record_count = 3, b.header.last_offset_delta = 1; }},
      {"producer without sequence", invalid_record,
       [](auto& b) { b.header.producer_id = 7, b.header.producer_epoch = 0; }},
  };
  for (const auto& r : rows)
    for (auto codec : {compression::none, compression::zstd}) {
      auto b = batch_builder::of(3);
      if (std::string_view{r.what} != "codec 5") b.codec = codec;
      r.change(b);
      if (verdict(b.build()) != r.expected) CAF_FAIL(r.what << " with codec " << static_cast<int>(codec));
    }
}

CAF_TEST(sizes are checked) {
  const auto good = batch_builder::of(3).build();
  CAF_CHECK(verdict({}) == error_code::invalid_record);
  for (std::size_t size = 1; size < good.size(); ++size)
    if (verdict(byte_view{good}.first(size)) != error_code::corrupt_message) CAF_FAIL("accepted at " << size);
  auto two = good;
  two.insert(two.end(), good.begin(), good.end());
  CAF_CHECK(verdict(two) == error_code::invalid_record);
  batch_limits limits;
  limits.max_batch_bytes = good.size();
  CAF_CHECK(verdict(good, limits) == error_code::none);
  --limits.max_batch_bytes;
  CAF_CHECK(verdict(good, limits) == error_code::message_too_large);
}

CAF_TEST(every flipped bit under the CRC is a corrupt message or refused earlier) {
  const auto good = batch_builder::of(2).build();
  for (std::size_t i = 16; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = good;
      bad[i] ^= static_cast<std::byte>(1 << bit);
      if (verdict(bad) == error_code::none) CAF_FAIL("byte " << i << " bit " << bit);
    }
}

CAF_TEST(the decompressed size is limited) {
  auto b = batch_builder::of(100, 1000);
  b.codec = compression::zstd;
  batch_limits limits;
  limits.decompression.max_output_bytes = 200'000;
  CAF_CHECK(verdict(b.build(), limits) == error_code::none);
  limits.decompression.max_output_bytes = 50'000;
  CAF_CHECK(verdict(b.build(), limits) == error_code::message_too_large);
}

CAF_TEST(a trial says that it was cut short and counts nothing) {
  auto b = batch_builder::of(100, 1000);
  b.codec = compression::gzip;
  batch_limits limits;
  limits.trial_bytes = 50'000;
  const auto refused_before = kafka::counted.too_large_records.value();
  CAF_CHECK(validate_batch(b.build(), limits).is_cut_short);
  limits.trial_bytes = 200'000;
  const auto whole = validate_batch(b.build(), limits);
  CAF_CHECK(!whole.is_cut_short && whole.error == error_code::none);
  CAF_CHECK_EQUAL(whole.max_timestamp, 1099);
  CAF_CHECK_EQUAL(kafka::counted.too_large_records.value(), refused_before);
  limits.trial_bytes = 50'000;
  limits.decompression.max_output_bytes = 50'000;
  const auto refused = validate_batch(b.build(), limits);
  CAF_CHECK(!refused.is_cut_short && refused.error == error_code::message_too_large);
}

CAF_TEST(timestamps outside the range are refused unless they are replaced anyway) {
  const auto batch = batch_builder::of(3).build();  // 1000, 1001, 1002
  batch_limits limits;
  limits.max_timestamp = 1002;
  limits.min_timestamp = 1000;
  CAF_CHECK(verdict(batch, limits) == error_code::none);
  limits.max_timestamp = 1001;
  CAF_CHECK(verdict(batch, limits) == error_code::invalid_timestamp);
  limits.checks_record_timestamps = false;
  CAF_CHECK(verdict(batch, limits) == error_code::none);
}

CAF_TEST(records outside the range are named) {
  auto b = batch_builder::of(5);
  b.records[1].timestamp_delta = 20;
  b.records[2].timestamp_delta = -1001;  // -1: has no time
  b.records[4].timestamp_delta = -20;    // 1000 1020 -1 1003 980
  batch_limits limits;
  limits.min_timestamp = 990;
  limits.max_timestamp = 1010;
  for (auto codec : all_codecs) {
    b.codec = codec;
    const auto check = validate_batch(b.build(), limits);
    CAF_CHECK(check.error == error_code::invalid_timestamp);
    CAF_REQUIRE(check.out_of_range != nullptr);
    CAF_CHECK_EQUAL(check.out_of_range->earliest, 990);
    CAF_CHECK_EQUAL(check.out_of_range->latest, 1010);
    CAF_CHECK((check.out_of_range->records == std::vector<refused_times::record>{{1, 1020}, {4, 980}}));
  }
  b.records[4].offset_delta = 9;
  const auto other = validate_batch(b.build(), limits);  // what is wrong with the batch itself comes first
  CAF_CHECK(other.error == error_code::invalid_record && !other.out_of_range);
}

CAF_TEST(of many records outside the range not all are named) {
  batch_limits limits;
  limits.max_timestamp = 0;
  const auto named = [&](int count, compression codec) {
    auto b = batch_builder::of(count);
    b.codec = codec;
    if (codec != compression::none)
      for (auto& r : b.records) r = {"", "", 0, r.offset_delta, 0};
    const auto batch = b.build();
    return std::pair{validate_batch(batch, limits).out_of_range->records.size(), batch.size()};
  };
  CAF_CHECK_EQUAL(named(100, compression::none).first, 100u);
  CAF_CHECK_EQUAL(named(101, compression::none).first, 100u);
  CAF_CHECK_LESS(named(10'000, compression::zstd).first, 101u);
  CAF_CHECK_GREATER(named(10, compression::zstd).first, 7u);
  const auto [records, bytes] = named(100, compression::zstd);
  CAF_CHECK_EQUAL(records, bytes / 7);  // of the smallest records
  CAF_CHECK_LESS(records, 100u);
}

CAF_TEST(records that lie about their lengths are refused) {
  const auto plain = encode_records(batch_builder::of(3).records);
  std::mt19937 random{20261124};
  for (auto codec : all_codecs)
    for (int round = 0; round < 5000; ++round) {
      auto b = batch_builder::of(3);
      b.codec = codec;
      b.raw_records = plain;
      for (int i = 0; i < 1 + round % 3; ++i) b.raw_records[random() % plain.size()] = static_cast<std::byte>(random());
      if (round % 4 == 0) b.raw_records.resize(1 + random() % plain.size());
      const auto batch = b.build();
      const auto e = verdict(batch);
      CAF_REQUIRE(e == error_code::none || e == error_code::invalid_record);
      kafka::find_by_timestamp(batch, 1001);
      kafka::find_max_timestamp(batch);
    }
}

CAF_TEST(mutated compressed bytes with a right CRC never crash) {
  std::mt19937 random{7};
  for (auto codec : all_codecs) {
    auto b = batch_builder::of(40, 100);
    b.codec = codec;
    const auto good = b.build();
    for (int round = 0; round < 2000; ++round) {
      auto bad = good;
      for (int i = 0; i < 1 + round % 3; ++i) bad[21 + random() % (bad.size() - 21)] = static_cast<std::byte>(random());
      batch_builder::set_crc(bad);
      verdict(bad);
    }
  }
}

CAF_TEST(offset and epoch are written outside the CRC and times inside) {
  auto batch = batch_builder::of(3).build();
  kafka::set_base_offset(batch, 1'234'567'890'123);
  kafka::set_leader_epoch(batch, 42);
  auto h = kafka::check_stored_batch(batch);
  CAF_REQUIRE(h.has_value());
  CAF_CHECK_EQUAL(h->base_offset, 1'234'567'890'123);
  CAF_CHECK_EQUAL(h->leader_epoch, 42);
  CAF_CHECK_EQUAL(h->next_offset(), 1'234'567'890'126);
  kafka::set_max_timestamp(batch, 77);
  h = kafka::check_stored_batch(batch);
  CAF_REQUIRE(h.has_value());
  CAF_CHECK_EQUAL(h->max_timestamp, 77);
  CAF_CHECK(!h->is_log_append_time());
  kafka::set_log_append_time(batch, 5000);
  h = kafka::check_stored_batch(batch);
  CAF_REQUIRE(h.has_value());
  CAF_CHECK(h->is_log_append_time());
  CAF_CHECK_EQUAL(h->max_timestamp, 5000);
  batch.back() ^= std::byte{1};
  CAF_CHECK(!kafka::check_stored_batch(batch));
}

CAF_TEST(records are found by timestamp) {
  using found = kafka::timestamped_offset;
  for (auto codec : all_codecs) {
    auto b = batch_builder::of(5);
    b.codec = codec;
    b.records[1].timestamp_delta = 20;
    auto batch = b.build();  // 1000 1020 1002 1003 1004
    kafka::set_base_offset(batch, 70);
    CAF_CHECK(kafka::find_by_timestamp(batch, 0) == found(70, 1000));
    CAF_CHECK(kafka::find_by_timestamp(batch, 1000) == found(70, 1000));
    CAF_CHECK(kafka::find_by_timestamp(batch, 1001) == found(71, 1020));
    CAF_CHECK(kafka::find_by_timestamp(batch, 1020) == found(71, 1020));
    CAF_CHECK(!kafka::find_by_timestamp(batch, 1021));
    CAF_CHECK(kafka::find_by_timestamp(batch, 0, 70) == found(70, 1000));
    CAF_CHECK(kafka::find_by_timestamp(batch, 0, 71) == found(71, 1020));
    CAF_CHECK(!kafka::find_by_timestamp(batch, 0, 99));
    CAF_CHECK(kafka::find_max_timestamp(batch) == found(71, 1020));
    CAF_CHECK(kafka::find_max_timestamp(batch, 71) == found(71, 1020));
    CAF_CHECK(!kafka::find_max_timestamp(batch, 99));
    kafka::set_log_append_time(batch, 9000);
    CAF_CHECK(kafka::find_by_timestamp(batch, 8000) == found(70, 9000));
    CAF_CHECK(!kafka::find_by_timestamp(batch, 9001));
    CAF_CHECK(kafka::find_max_timestamp(batch) == found(70, 9000));
  }
}

CAF_TEST(a buffer is split into its batches) {
  byte_buffer all;
  std::vector<byte_buffer> parts;
  for (int count : {1, 3, 2}) {
    parts.push_back(batch_builder::of(count).build());
    all.insert(all.end(), parts.back().begin(), parts.back().end());
  }
  const shared_bytes whole{byte_buffer(all)};
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::size_t rest = 0;
    const auto batches = kafka::split_batches(whole.slice(0, size), &rest);
    std::size_t used = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      CAF_REQUIRE(batches[i] == shared_bytes::copy_of(parts[i]));
      used += parts[i].size();
    }
    CAF_REQUIRE_EQUAL(used + rest, size);
  }
  CAF_CHECK_EQUAL(kafka::split_batches(whole).size(), 3U);
}
