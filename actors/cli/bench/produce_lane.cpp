#include "actors/cli/bench/produce_lane.hpp"

#include "actors/cli/bench/wire_call.hpp"
#include "messages/kafka/init_producer_id.hpp"

namespace tidegate::cli::bench {

namespace {

constexpr std::size_t partition_before_batch = 8;  // index and length stand before it

byte_buffer frame_around(const std::string& topic, std::int16_t acks, std::chrono::milliseconds timeout,
                         byte_view batch) {
  kafka::produce_request request;
  request.acks = acks;
  request.timeout_ms = static_cast<std::int32_t>(timeout.count());
  kafka::produce_request::topic one;
  one.name = topic;
  one.partition_data.push_back({0, shared_bytes(nullptr, batch)});
  request.topic_data.push_back(std::move(one));
  return request_frame(request, produce_version);
}

}  // namespace

produce_frame::produce_frame(const std::string& topic, std::int16_t acks, std::chrono::milliseconds timeout,
                             byte_view batch, std::int32_t records)
  : frame_(frame_around(topic, acks, timeout, batch)), batch_at_(frame_.size() - batch.size()),
    batch_bytes_(static_cast<std::int64_t>(batch.size())), records_(records) {}

void produce_frame::set_partition(std::int32_t partition) {
  for (unsigned i = 0; i < 4; ++i)
    frame_[batch_at_ - partition_before_batch + i] =
      static_cast<std::byte>(static_cast<std::uint32_t>(partition) >> (24 - 8 * i));
}

void produce_frame::set_producer(const producer_mark& mark) {
  bench::set_producer(std::span(frame_).subspan(batch_at_), mark);
}

kafka::produce_response::partition acknowledgement(byte_view body, const std::string& topic,
                                                   const broker_address& from) {
  const auto answer = decoded<kafka::produce_response>(body, produce_version, from);
  if (answer.responses.size() != 1 || answer.responses[0].partition_responses.size() != 1) fail_malformed(from);
  const auto& one = answer.responses[0].partition_responses[0];
  if (one.error_code == error_code::none) return one;
  auto why = error_words(one.error_code);
  if (one.error_message) why += " (" + *one.error_message + ")";
  throw kafka_failure(topic + "-" + std::to_string(one.index) + ": " + why);
}

produce_lane::produce_lane(const produce_load& wanted, const led_partitions& where, std::size_t first,
                           std::size_t in_flight, schedule& when, produced& sum)
  : lane(where.leader, wanted.timeout, in_flight), wanted_(wanted), partitions_(where.partitions), turn_(first),
    when_(when), sum_(sum), full_(wanted.full), last_(wanted.last) {
  if (wanted.is_idempotent) ask_for_producer_id();
}

void produce_lane::ask_for_producer_id() {
  wire_connection with(broker(), wanted_.timeout);
  kafka::init_producer_id_request request;
  request.transactional_id = std::nullopt;
  kafka::init_producer_id_response answer;
  const auto error = until_ready(wanted_.timeout, [&] {
    answer = call<kafka::init_producer_id_response>(with, request, init_producer_id_version, wanted_.timeout);
    return answer.error_code;
  });
  if (error != error_code::none) throw kafka_failure("a producer id: " + error_words(error));
  mark_ = {answer.producer_id, answer.producer_epoch, 0};
}

std::optional<outgoing> produce_lane::next(clock::time_point now) {
  if (when_.is_over()) return std::nullopt;
  const auto due = when_.has_rate() ? when_.due() : now;
  if (due > now) return std::nullopt;
  when_.take();
  auto& frame = when_.is_over() ? last_ : full_;
  const auto partition = partitions_[turn_++ % partitions_.size()];
  frame.set_partition(partition);
  if (wanted_.is_idempotent) {
    auto& sequence = next_sequence_[partition];
    mark_.sequence = sequence;
    frame.set_producer(mark_);
    sequence = sequence_after(sequence, frame.records());
  }
  sent_frames_.push_back(&frame);
  if (sum_.on_sent) sum_.on_sent(partition, due);
  return outgoing{frame.bytes(), due};
}

clock::time_point produce_lane::due() const {
  if (when_.is_over()) return never;
  return when_.has_rate() ? when_.due() : clock::time_point::min();
}

void produce_lane::take(byte_view body, clock::time_point since, clock::time_point now) {
  const auto one = acknowledgement(body, wanted_.topic, broker());
  sum_.acks.record(now - since);
  sum_.records += sent_frames_.front()->records();
  sum_.bytes += sent_frames_.front()->batch_bytes();
  sent_frames_.pop_front();
  if (sum_.on_acknowledged) sum_.on_acknowledged(one.index, one.base_offset);
}

}  // namespace tidegate::cli::bench
