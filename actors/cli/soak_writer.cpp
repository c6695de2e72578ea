#include "actors/cli/soak_writer.hpp"

#include "actors/cli/c_owner.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace tidegate::cli {

namespace {

constexpr int queued_records = 10000;  // handed over and not acknowledged; above it `write` waits

std::string creation_error(rd_kafka_event_t* event) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event);
  std::size_t count = 0;
  const auto* const* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return rd_kafka_err2str(rd_kafka_topic_result_error(results[i]));
  return {};
}

}  // namespace

void create_topic(const soak_place& place) {
  std::string error;
  const auto conf = make_conf(place, {});
  const std::unique_ptr<RdKafka::Producer> client(RdKafka::Producer::create(conf.get(), error));
  if (!client) throw soak_failure(error);
  char text[512];
  auto* handle = client->c_ptr();
  const c_owner<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> topic(
    rd_kafka_NewTopic_new(place.topic.c_str(), place.partitions, 1, text, sizeof(text)));
  if (!topic) throw soak_failure(text);
  for (const auto* limit : {"retention.ms", "retention.bytes"})  // whatever the broker's defaults are
    rd_kafka_NewTopic_set_config(topic.get(), limit, "-1");
  const c_owner<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy> options(
    rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const auto limit = static_cast<int>(std::chrono::milliseconds(patience).count());
  rd_kafka_AdminOptions_set_request_timeout(options.get(), limit, text, sizeof(text));
  const c_owner<rd_kafka_queue_t, rd_kafka_queue_destroy> answers(rd_kafka_queue_new(handle));
  auto* wanted = topic.get();
  rd_kafka_CreateTopics(handle, &wanted, 1, options.get(), answers.get());
  const c_owner<rd_kafka_event_t, rd_kafka_event_destroy> event(rd_kafka_queue_poll(answers.get(), limit + 1000));
  error = event ? creation_error(event.get()) : "no answer";
  if (!error.empty()) throw soak_failure("topic " + place.topic + " was not created: " + error);
}

std::int64_t soak_writer::room() const { return std::max(queued_records - producer_->outq_len(), 0); }

soak_writer::soak_writer(const soak_place& place, std::vector<partition_log>& logs) : place_(place), logs_(logs) {
  open();
}

soak_writer::~soak_writer() {
  abandoning_ = true;
  producer_->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
  producer_->flush(1000);
}

void soak_writer::open() {
  const auto limit = std::to_string(std::chrono::milliseconds(patience).count());
  const auto conf = make_conf(place_, {{"enable.idempotence", "true"}, {"acks", "all"}, {"linger.ms", "2"},
                                       {"message.timeout.ms", limit},
                                       {"queue.buffering.max.messages", std::to_string(queued_records)}});
  std::string error;
  conf->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), error);
  producer_.reset(RdKafka::Producer::create(conf.get(), error));
  if (!producer_) throw soak_failure(error);
}

void soak_writer::write(std::int64_t count) {
  for (std::int64_t i = 0; i < count && !place_.stopping; ++i) {
    const auto partition = static_cast<std::int32_t>(written_++ % place_.partitions);
    const auto number = logs_[static_cast<std::size_t>(partition)].take_number();
    auto value = std::to_string(number);
    for (;;) {
      const auto error = producer_->produce(place_.topic, partition, RdKafka::Producer::RK_MSG_COPY, value.data(),
                                            value.size(), nullptr, 0, 0, nullptr);
      if (error == RdKafka::ERR_NO_ERROR) break;
      if (error != RdKafka::ERR__QUEUE_FULL) throw soak_failure("cannot write: " + RdKafka::err2str(error));
      poll(std::chrono::milliseconds(50));  // ends at the latest with the message timeout of what is queued
      if (place_.stopping) return;
    }
    producer_->poll(0);
  }
  check();
}

void soak_writer::poll(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  for (auto left = time; left.count() > 0;) {
    producer_->poll(static_cast<int>(left.count()));
    left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  }
  check();
}

void soak_writer::finish() {
  while (producer_->outq_len() > 0 && !place_.stopping) poll(std::chrono::milliseconds(50));
  check();
}

void soak_writer::abandon() {
  abandoning_ = true;
  producer_->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
  finish();
  abandoning_ = false;
  open();
}

void soak_writer::check() const {
  if (!failure_.empty()) throw soak_failure(failure_);
}

void soak_writer::dr_cb(RdKafka::Message& message) {
  const auto number = number_in(message);
  const auto partition = static_cast<std::size_t>(message.partition());
  if (message.err() == RdKafka::ERR_NO_ERROR) {
    ++acknowledged_;
    logs_[partition].acknowledged(number, message.offset() < 0 ? -1 : message.offset());
  } else if (abandoning_) {
    ++abandoned_;
  } else if (failure_.empty()) {
    failure_ = "record " + std::to_string(number) + " of partition " + std::to_string(partition) +
               " was not acknowledged: " + message.errstr();
  }
}

}  // namespace tidegate::cli
