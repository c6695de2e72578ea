#pragma once

#include "actors/cli/admin/values.hpp"
#include "actors/cli/c_owner.hpp"

#include <librdkafka/rdkafka.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tidegate::cli {

using event_owner = c_owner<rd_kafka_event_t, rd_kafka_event_destroy>;
using partition_list_owner = c_owner<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

/// What Kafka calls an error; librdkafka's own errors begin with "_".
std::string error_name(rd_kafka_resp_err_t code);

/// "NAME: text", where NAME is what Kafka calls the error.
std::string error_line(rd_kafka_resp_err_t code, const char* text = nullptr);
std::string error_line(const rd_kafka_error_t* error);

/// The librdkafka properties of a command, from its options and the file that they name: KEY=VALUE lines, # comments.
/// Errors: usage_failure for a file that cannot be read or has another line.
std::vector<std::pair<std::string, std::string>> properties_of(const cluster_options& wanted);

/// A client of the cluster: connects on first use. Every call ends within the timeout of its options.
/// Errors of all calls: kafka_failure when no answer came or the answer is an error that concerns the whole call.
/// Thread: one.
class cluster {
 public:
  /// Errors: usage_failure for what `properties_of` or librdkafka does not take.
  explicit cluster(const cluster_options& wanted);

  [[nodiscard]] rd_kafka_t* handle() const { return handle_.get(); }
  [[nodiscard]] int timeout_ms() const { return timeout_ms_; }

  /// Of these topics. One that is not there has `error` set. In order of names, each once.
  std::vector<topic_metadata> topics(std::vector<std::string> names);
  std::vector<topic_metadata> all_topics();

  /// Asks for the first offset at or after each partition's time (ms); −2: the first record's, −1: behind the last one.
  /// A partition whose leader answers an error has Kafka's name for it in its answer.
  struct time_answer {
    std::int64_t offset = -1;  // −1: none at or after that time
    std::string error;
  };
  std::map<topic_partition, time_answer> offsets_at(const std::map<topic_partition, std::int64_t>& times);

  /// `start(i, options, answers)` begins the i-th of `count` admin calls; `take(i, event)` gets its answer. A bounded
  /// number is on its way at any time. Answers come in any order; one that failed as a whole is a kafka_failure.
  using start_call = std::function<void(std::size_t, rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
  using take_answer = std::function<void(std::size_t, rd_kafka_event_t*)>;
  void call(rd_kafka_admin_op_t what, std::size_t count, const start_call& start, const take_answer& take);

  /// A line for an error, with what librdkafka last said about its connections when no broker answered.
  std::string explained(rd_kafka_resp_err_t code, const char* text = nullptr);

 private:
  void ask_for_topics(rd_kafka_topic_t* only, std::vector<topic_metadata>& found);
  static void on_error(rd_kafka_t*, int code, const char* reason, void* self);

  std::string trouble_;  // what librdkafka last said about a connection
  int timeout_ms_;
  c_owner<rd_kafka_t, rd_kafka_destroy> handle_;
};

/// Of all partitions of these topics. One without a leader is LEADER_NOT_AVAILABLE.
std::map<topic_partition, log_range> log_ranges_of(cluster& at, const std::vector<topic_metadata>& topics);

/// Whether an error says that nobody answered, so that asking for more is no use.
bool is_unreachable(rd_kafka_resp_err_t code);

partition_list_owner partition_list_of(const std::map<topic_partition, std::int64_t>& offsets);

}  // namespace tidegate::cli
