#include "messages/kafka/produce.hpp"

#include "actors/core/partition_machine.hpp"
#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "messages/kafka/record_batch.hpp"

#include <algorithm>

namespace tidegate::actors::handlers {

namespace {

using kafka::produce_request;
using kafka::produce_response;

using results = std::vector<msg::append_result>;

/// Of one answer: a record that was compressed to nothing costs some 150 bytes there.
constexpr std::size_t most_record_errors = 10'000;

/// At most `left` of them are named.
void name_records(const refused_times& times, std::size_t& left, produce_response::partition& out) {
  const auto range = " is out of range. The timestamp should be within [" + std::to_string(times.earliest) + ", " +
                     std::to_string(times.latest) + "]";
  for (const auto& [index, timestamp] : times.records) {
    if (left == 0) return;
    --left;
    // A produced batch begins at 0, so the index is the offset, too.
    out.record_errors.push_back({index, "Timestamp " + std::to_string(timestamp) + " of message with offset " +
                                          std::to_string(index) + range});
  }
}

void answer(const request_ptr& r, const produce_request& asked, const results& stored) {
  for (const auto& result : stored)
    if (result.error != error_code::none) counted.refused_batches.add(result.error);
  if (asked.acks == 0) {
    // The client reads no answer: a closed connection is how it learns of an error.
    for (const auto& result : stored)
      if (result.error != error_code::none) return r->close("produce with acks=0 failed");
    return r->answer_nothing();
  }
  produce_response response;
  auto next = stored.begin();
  auto left = most_record_errors;
  for (const auto& topic : asked.topic_data) {
    auto& out = response.responses.emplace_back(produce_response::topic{topic.name, topic.topic_id, {}});
    for (const auto& partition : topic.partition_data) {
      auto& p = out.partition_responses.emplace_back();
      p.index = partition.index;
      p.error_code = next->error;
      p.base_offset = next->base_offset;
      p.log_append_time_ms = next->log_append_time_ms;
      p.log_start_offset = next->log_start_offset;
      if (!next->error_message.empty()) p.error_message = next->error_message;
      if (next->out_of_range && r->header.api_version >= 8) name_records(*next->out_of_range, left, p);
      ++next;
    }
  }
  r->answer(response);
}

/// Every partition gets the same error; nothing is appended.
void refuse(const request_ptr& r, const produce_request& asked, error_code error) {
  std::size_t partitions = 0;
  for (const auto& topic : asked.topic_data) partitions += topic.partition_data.size();
  msg::append_result result;
  result.error = error;
  answer(r, asked, results(partitions, result));
}

/// KIP-110: zstd came with version 7; an older client names a codec that its own consumers may not know.
error_code check_records(const produce_request::partition& partition, std::int16_t version) {
  if (!partition.records || partition.records->empty()) return error_code::invalid_record;
  const auto header = kafka::read_batch_header(partition.records->view());
  const bool is_zstd = header && header->codec() == static_cast<std::uint8_t>(kafka::compression::zstd);
  return is_zstd && version < 7 ? error_code::unsupported_compression_type : error_code::none;
}

/// What is kept of a batch (in a queue, in the tail for consumers) keeps the request that it came in, so a small part of
/// it is copied: what is kept takes at most eight times its size. Not less, for usual requests have some partitions, and
/// their batches go on without a copy.
shared_bytes apart(const shared_bytes& records, std::size_t request_bytes) {
  constexpr std::size_t most_times = 8;
  return records.size() >= request_bytes / most_times ? records : shared_bytes::copy_of(records.view());
}

/// The client is told to send the batch again: nobody knows it, or it may still be stored.
bool gives_up(error_code error) {
  return error == error_code::request_timed_out || error == error_code::kafka_storage_error ||
         error == error_code::not_leader_or_follower;
}

/// Whoever gives a batch up, a crash included: where it is its producer's first, those that were sent behind it must not
/// be stored.
reply<msg::append_result> noting_given_up(const services& node, const smq::topic_info& topic, std::int32_t partition,
                                          const shared_bytes& records, const msg::append_result& dropped,
                                          reply<msg::append_result> answer) {
  const auto header = kafka::read_batch_header(records.view());
  const auto claim = header ? core::claim_of(*header) : core::producer_claim{};
  if (!claim.is_idempotent() || claim.base_sequence < 0 || claim.record_count <= 0) return answer;
  return {dropped, [claim, notes = node.store->given_up, id = topic.id, partition,
                    answer = std::move(answer)](msg::append_result result) mutable {
            if (gives_up(result.error)) notes->add(id, partition, claim, wall_ms());
            answer(std::move(result));
          }};
}

void append_all(const services& node, const request_ptr& r, std::shared_ptr<const produce_request> asked,
                const std::vector<msg::topic_result>& topics) {
  std::size_t count = 0;
  for (const auto& topic : asked->topic_data) count += topic.partition_data.size();
  auto all = fan_in<msg::append_result>::make(
    count, [r, asked](results stored) { answer(r, *asked, stored); });
  msg::append_result dropped;
  // The actor died with the batch in hand: whether it is stored is not known.
  dropped.error = error_code::request_timed_out;
  std::size_t slot = 0;
  const auto client_host = r->client_host();
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (const auto& partition : asked->topic_data[t].partition_data) {
      auto reply = all->slot(slot++, dropped);
      msg::append_result refused;
      refused.error = check_partition(topics[t], partition.index);
      if (refused.error == error_code::none) refused.error = check_records(partition, r->header.api_version);
      if (refused.error != error_code::none) {
        reply(refused);
        continue;
      }
      const auto& topic = *topics[t].topic;
      reply = noting_given_up(node, topic, partition.index, *partition.records, dropped, std::move(reply));
      node.partitions.send(msg::append{topic.name, topic.id, partition.index,
                                       apart(*partition.records, r->body.size()), asked->acks, std::move(reply),
                                       client_host});
    }
  }
}

}  // namespace

/// Produce (API key 0). Answered when every batch is stored (acks 1 and -1 alike).
/// Errors of all: invalid_required_acks, transactional_id_authorization_failed. Per partition: unknown_topic_or_partition,
/// unknown_topic_id, corrupt_message, invalid_record, invalid_timestamp, message_too_large, unsupported_compression_type,
/// out_of_order_sequence_number, invalid_producer_epoch, kafka_storage_error; to be asked again: leader_not_available,
/// not_leader_or_follower, request_timed_out (stored or not).
void produce(const services& node, const request_ptr& r) {
  auto decoded = r->decode<produce_request>();
  if (!decoded) return;
  auto asked = std::make_shared<const produce_request>(std::move(*decoded));
  if (asked->acks < -1 || asked->acks > 1) return refuse(r, *asked, error_code::invalid_required_acks);
  if (asked->transactional_id) return refuse(r, *asked, error_code::transactional_id_authorization_failed);
  const bool by_id = r->header.api_version >= 13;
  std::vector<topic_reference> wanted;
  for (const auto& topic : asked->topic_data) wanted.push_back({topic.name, topic.topic_id, by_id});
  find_topics(node, r, std::move(wanted), false,
              [&node, r, asked](std::vector<msg::topic_result> topics) { append_all(node, r, asked, topics); });
}

}  // namespace tidegate::actors::handlers
