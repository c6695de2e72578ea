#include "actors/cli/admin/next_record.hpp"

#include <chrono>

namespace tidegate::cli {

namespace {

using clock = std::chrono::steady_clock;
using message_owner = c_owner<rd_kafka_message_t, rd_kafka_message_destroy>;

constexpr std::size_t partitions_at_a_time = 16;
constexpr std::chrono::milliseconds usual_answer{20};

/// Reads one record of each position, some partitions at a time, each partition once at a time.
class record_reader {
 public:
  record_reader(cluster& from, const std::set<log_position>& wanted, const progress_report& progress)
    : from_(from), progress_(progress), queue_(rd_kafka_queue_new(from.handle())), waiting_(wanted) {}
  record_reader(const record_reader&) = delete;
  record_reader& operator=(const record_reader&) = delete;

  ~record_reader() {
    while (!reading_.empty()) stop(reading_.begin());
    for (auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  }

  std::map<log_position, std::optional<std::int64_t>> run() {
    const auto patience = std::chrono::milliseconds(from_.timeout_ms());
    auto give_up = clock::now() + patience;
    start_some();
    while (!reading_.empty()) {
      if (clock::now() >= give_up) break;
      const message_owner message(rd_kafka_consume_queue(queue_.get(), usual_answer.count()));
      if (!message) wake();
      if (!message || !take(*message)) continue;
      give_up = clock::now() + patience;
      start_some();
    }
    return std::move(found_);
  }

 private:
  using being_read = std::map<topic_partition, std::int64_t>;

  rd_kafka_topic_t* topic_of(const std::string& name) {
    auto& topic = topics_[name];
    if (topic != nullptr) return topic;
    auto* conf = rd_kafka_topic_conf_new();
    char text[512];
    rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", text, sizeof(text));
    topic = rd_kafka_topic_new(from_.handle(), name.c_str(), conf);
    return topic;
  }

  void start_some() {
    for (auto next = waiting_.begin(); next != waiting_.end() && reading_.size() < partitions_at_a_time;) {
      if (reading_.contains(next->at)) {
        ++next;
        continue;
      }
      auto* topic = topic_of(next->at.topic);
      if (topic != nullptr && rd_kafka_consume_start_queue(topic, next->at.partition, next->offset, queue_.get()) == 0)
        reading_[next->at] = next->offset;
      else
        found_[*next] = std::nullopt;
      next = waiting_.erase(next);
    }
  }

  /// A thread of librdkafka for a broker may sleep up to a second before it looks at partitions that were started
  /// meanwhile. A request for it wakes it.
  void wake() {
    auto next = reading_.upper_bound(woken_);
    if (next == reading_.end()) next = reading_.begin();
    woken_ = next->first;
    std::int64_t low = 0;
    std::int64_t high = 0;
    constexpr int patience_ms = 1000;
    rd_kafka_query_watermark_offsets(from_.handle(), woken_.topic.c_str(), woken_.partition, &low, &high, patience_ms);
  }

  /// Whether the message is the answer for a position.
  bool take(const rd_kafka_message_t& message) {
    if (message.rkt == nullptr) return false;
    const auto at = reading_.find({rd_kafka_topic_name(message.rkt), message.partition});
    if (at == reading_.end()) return false;
    std::optional<std::int64_t> time;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (message.offset < at->second) return false;  // of an earlier position of this partition
      rd_kafka_timestamp_type_t type{};
      const auto ms = rd_kafka_message_timestamp(&message, &type);
      if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && ms >= 0) time = ms;
    }
    found_[{at->first, at->second}] = time;
    stop(at);
    progress_(found_.size());
    return true;
  }

  void stop(being_read::iterator at) {
    rd_kafka_consume_stop(topics_.at(at->first.topic), at->first.partition);
    reading_.erase(at);
  }

  cluster& from_;
  const progress_report& progress_;
  c_owner<rd_kafka_queue_t, rd_kafka_queue_destroy> queue_;
  std::set<log_position> waiting_;
  being_read reading_;
  topic_partition woken_;  // the last one
  std::map<std::string, rd_kafka_topic_t*> topics_;
  std::map<log_position, std::optional<std::int64_t>> found_;
};

}  // namespace

std::map<log_position, std::optional<std::int64_t>> record_times(cluster& from, const std::set<log_position>& wanted,
                                                                 const progress_report& progress) {
  return record_reader(from, wanted, progress).run();
}

}  // namespace tidegate::cli
