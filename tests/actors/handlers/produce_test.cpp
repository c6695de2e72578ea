#define CAF_SUITE produce_handler
// What is refused before anybody looks into it, and a producer's first batch that somebody gave up: clients have sent the
// next ones before they know.
#include "messages/kafka/produce.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <set>

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

constexpr std::int64_t producer = 7;

struct fixture : handler_fixture {
  /// One record of an idempotent producer.
  kafka::produce_response::partition produce(std::int32_t partition, std::int32_t sequence) {
    kafka::produce_request asked;
    asked.acks = -1;
    auto& of_topic = asked.topic_data.emplace_back();
    of_topic.name = "t";
    of_topic.partition_data.push_back({partition, batch_of(sequence, 1, producer, sequence)});
    return ask<kafka::produce_response>(asked, 9).responses.at(0).partition_responses.at(0);
  }

  /// The same batch some times, to partition 0.
  std::vector<kafka::produce_response::partition> produced(const batch_builder& batch, std::int16_t version,
                                                           int times = 1) {
    kafka::produce_request asked;
    asked.acks = -1;
    auto& of_topic = asked.topic_data.emplace_back();
    of_topic.name = "t";
    for (int i = 0; i < times; ++i) of_topic.partition_data.push_back({0, shared_bytes(batch.build())});
    return ask<kafka::produce_response>(asked, version).responses.at(0).partition_responses;
  }

  /// What the batch is answered once somebody looks at it.
  kafka::produce_response::partition produce_until_decided(std::int32_t partition, std::int32_t sequence) {
    const std::set<error_code> undecided{not_leader_or_follower, request_timed_out, kafka_storage_error};
    for (int i = 0; i < 500; ++i) {
      auto answer = produce(partition, sequence);
      if (!undecided.contains(answer.error_code)) return answer;
      std::this_thread::sleep_for(20ms);
    }
    CAF_FAIL("never decided");
  }

  /// The first batch was answered with an error; two more were on their way behind it.
  void check_that_the_first_comes_first(std::int32_t partition) {
    CAF_CHECK(produce_until_decided(partition, 6).error_code == out_of_order_sequence_number);
    CAF_CHECK(produce_until_decided(partition, 7).error_code == out_of_order_sequence_number);
    const auto base = produce_until_decided(partition, 5).base_offset;
    CAF_CHECK_EQUAL(produce_until_decided(partition, 6).base_offset, base + 1);
    CAF_CHECK_EQUAL(produce_until_decided(partition, 7).base_offset, base + 2);
    CAF_CHECK(!node.store->given_up->has_any());
  }
};

}  // namespace

CAF_TEST(nobody goes on behind a first batch that the store refused or left in doubt) {
  for (const bool is_in_doubt : {false, true}) {
    fixture f;
    CAF_CHECK_EQUAL(f.node.append(f.topic, batch_of(0)).base_offset, 0);
    if (is_in_doubt)
      f.node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
    else
      f.node.ports->put_refuses = 1;
    CAF_CHECK(f.produce(0, 5).error_code == (is_in_doubt ? request_timed_out : kafka_storage_error));
    f.check_that_the_first_comes_first(0);
  }
}

CAF_TEST(nor behind one that went down with its offset actor) {
  fixture f;
  f.node.ports->put_throws = 1;
  CAF_CHECK(f.produce(0, 5).error_code == request_timed_out);
  f.check_that_the_first_comes_first(0);
}

CAF_TEST(nor behind one that waited for a load which failed) {
  fixture f;
  f.node.ports->reads_fail = 1;
  CAF_CHECK(f.produce(1, 5).error_code == kafka_storage_error);
  f.check_that_the_first_comes_first(1);
}

CAF_TEST(a producer that is known goes on behind what was given up) {
  fixture f;
  CAF_CHECK_EQUAL(f.produce(0, 0).base_offset, 0);
  f.node.ports->put_throws = 1;
  CAF_CHECK(f.produce(0, 1).error_code == request_timed_out);
  CAF_CHECK(f.produce_until_decided(0, 2).error_code == out_of_order_sequence_number);
  CAF_CHECK_EQUAL(f.produce_until_decided(0, 1).base_offset, 1);
  CAF_CHECK_EQUAL(f.produce_until_decided(0, 2).base_offset, 2);
}

CAF_TEST(so many given up batches are noted and no more) {
  actors::first_batches notes;
  const uuid topic{};
  const auto count = static_cast<std::int64_t>(actors::first_batches::max_producers) + 10;
  for (std::int64_t id = 0; id < count; ++id) notes.add(topic, static_cast<std::int32_t>(id % 3), {id, 0, 0, 1}, 1000);
  std::size_t noted = 0;
  for (std::int32_t p = 0; p < 3; ++p) noted += notes.take(topic, p).size();
  CAF_CHECK_EQUAL(noted, actors::first_batches::max_producers);
  CAF_CHECK(!notes.has_any());
}

CAF_TEST(notes that are old make room for new ones) {
  using notes_of = actors::first_batches;
  notes_of notes;
  const uuid topic{};
  for (std::int64_t id = 0; id < static_cast<std::int64_t>(notes_of::max_producers); ++id)
    notes.add(topic, static_cast<std::int32_t>(id % 3), {id, 0, 0, 1}, 1000);
  notes.add(topic, 3, {7, 0, 0, 1}, 1000 + notes_of::max_age_ms);
  CAF_CHECK_EQUAL(notes.take(topic, 3).size(), 0U);
  const auto later = 1000 + 2 * notes_of::max_age_ms;
  for (std::int64_t id = 0; id < 2; ++id) notes.add(topic, 3, {id, 0, 0, 1}, later);
  for (std::int32_t p = 0; p < 3; ++p) CAF_CHECK_EQUAL(notes.take(topic, p).size(), 0U);
  CAF_CHECK_EQUAL(notes.take(topic, 3).size(), 2U);
  CAF_CHECK(!notes.has_any());
}

CAF_TEST(notes that are old make room also after a clock that was ahead) {
  using notes_of = actors::first_batches;
  notes_of notes;
  const uuid topic{};
  constexpr auto most = static_cast<std::int64_t>(notes_of::max_producers);
  constexpr std::int64_t ahead_ms = 1'000'000'000'000;
  for (std::int64_t id = 0; id <= most; ++id) notes.add(topic, id < 10 ? 0 : 1, {id, 0, 0, 1}, ahead_ms);
  CAF_CHECK_EQUAL(notes.take(topic, 0).size(), 10U);
  for (std::int64_t id = 0; id < 10; ++id) notes.add(topic, 0, {id, 0, 0, 1}, 1000);
  notes.add(topic, 2, {most, 0, 0, 1}, 1001 + notes_of::max_age_ms);
  CAF_CHECK_EQUAL(notes.take(topic, 2).size(), 1U);
}

CAF_TEST(notes of a partition that is deleted go with it) {
  fixture f;
  CAF_CHECK_EQUAL(f.node.append(f.topic, batch_of(0)).base_offset, 0);
  f.node.store->given_up->add(f.topic->id, 0, {producer, 0, 5, 1}, 1000);
  caf::anon_send(f.node.partitions, msg::forget_topic{f.topic->id, nullptr});
  CAF_CHECK(soon_true([&] { return !f.node.store->given_up->has_any(); }));
}

CAF_TEST(records whose time is out of range are named from version 8 on) {
  fixture f;
  auto builder = batch_builder::of(3);
  builder.records[1].timestamp_delta = 1'000'000'000'000'000;
  CAF_CHECK(f.produced(builder, 7).at(0).error_code == invalid_timestamp);
  const auto before_ms = actors::wall_ms();
  const auto refused = f.produced(builder, 8).at(0);
  CAF_CHECK(refused.error_code == invalid_timestamp);
  CAF_CHECK_EQUAL(refused.error_message.value_or(""),
                  "One or more records have been rejected due to invalid timestamp");
  CAF_REQUIRE_EQUAL(refused.record_errors.size(), 1u);
  CAF_CHECK_EQUAL(refused.record_errors[0].batch_index, 1);
  const auto text = refused.record_errors[0].batch_index_error_message.value_or("");
  const std::string words = "Timestamp 1000000000001000 of message with offset 1 is out of range. "
                            "The timestamp should be within [";
  CAF_CHECK(text.starts_with(words) && text.ends_with("]"));
  const auto comma = text.find(", ");
  CAF_REQUIRE(comma != std::string::npos);
  CAF_CHECK_LESS(std::stoll(text.substr(words.size())), 0);  // any time that has been
  const auto hour_later_ms = std::stoll(text.substr(comma + 2)) - 3'600'000;
  CAF_CHECK(hour_later_ms >= before_ms && hour_later_ms <= actors::wall_ms());
}

CAF_TEST(an answer names 10000 records at most) {
  fixture f;
  auto builder = batch_builder::of(100);
  for (auto& one : builder.records) one.timestamp_delta = 1'000'000'000'000'000;
  std::size_t named = 0;
  for (const auto& refused : f.produced(builder, 8, 102)) {
    CAF_CHECK(refused.error_code == invalid_timestamp);
    named += refused.record_errors.size();
  }
  CAF_CHECK_EQUAL(named, 10'000u);
}

CAF_TEST(versions before 7 may not carry zstd) {
  fixture f;
  batch_builder builder = batch_builder::of(3);
  builder.codec = kafka::compression::zstd;
  CAF_CHECK(f.produced(builder, 6).at(0).error_code == unsupported_compression_type);
  CAF_CHECK(f.produced(builder, 7).at(0).error_code == none);
}
