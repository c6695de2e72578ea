#include "actors/cli/admin/cluster.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace tidegate::cli {

namespace {

constexpr std::size_t calls_in_flight = 32;
constexpr std::size_t partitions_per_request = 1000;
constexpr std::size_t topics_asked_alone = 16;  // for more, all topics are asked for at once
constexpr std::int64_t first_offset = RD_KAFKA_OFFSET_BEGINNING, behind_last = RD_KAFKA_OFFSET_END;

using conf_owner = c_owner<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using queue_owner = c_owner<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using options_owner = c_owner<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using topic_owner = c_owner<rd_kafka_topic_t, rd_kafka_topic_destroy>;

std::string trimmed(const std::string& text) {
  constexpr auto blanks = " \t\r";
  const auto from = text.find_first_not_of(blanks);
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

topic_metadata metadata_of(const rd_kafka_metadata_topic& topic) {
  topic_metadata result{topic.topic, "", {}};
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) result.error = error_name(topic.err);
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const auto& p = topic.partitions[i];
    result.partitions.push_back(
      {p.id, p.leader, {p.replicas, p.replicas + p.replica_cnt}, {p.isrs, p.isrs + p.isr_cnt}});
  }
  std::ranges::sort(result.partitions, {}, &partition_metadata::partition);
  return result;
}

}  // namespace

std::string error_name(rd_kafka_resp_err_t code) {
  switch (code) {  // where librdkafka kept names of before Kafka 0.11
    case RD_KAFKA_RESP_ERR_UNKNOWN: return "UNKNOWN_SERVER_ERROR";
    case RD_KAFKA_RESP_ERR_INVALID_MSG: return "CORRUPT_MESSAGE";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return "UNKNOWN_TOPIC_OR_PARTITION";
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION: return "NOT_LEADER_OR_FOLLOWER";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return "MESSAGE_TOO_LARGE";
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return "INVALID_TOPIC_EXCEPTION";
    default: return rd_kafka_err2name(code);
  }
}

std::string error_line(rd_kafka_resp_err_t code, const char* text) {
  return error_name(code) + ": " + (text != nullptr && *text != 0 ? text : rd_kafka_err2str(code));
}

std::string error_line(const rd_kafka_error_t* error) {
  return error_line(rd_kafka_error_code(error), rd_kafka_error_string(error));
}

bool is_unreachable(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
         code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE ||
         code == RD_KAFKA_RESP_ERR__WAIT_COORD;
}

partition_list_owner partition_list_of(const std::map<topic_partition, std::int64_t>& offsets) {
  partition_list_owner list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [at, offset] : offsets)
    rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition)->offset = offset;
  return list;
}

std::vector<std::pair<std::string, std::string>> properties_of(const cluster_options& wanted) {
  std::vector<std::pair<std::string, std::string>> all = {
    {"client.id", "tidegate-cli"}, {"log_level", "0"}, {"socket.nagle.disable", "true"},
    {"reconnect.backoff.ms", "50"}, {"reconnect.backoff.max.ms", "500"},
    {"topic.metadata.refresh.interval.ms", "-1"},
    // For reading single records, of which next_record.hpp tells.
    {"enable.auto.commit", "false"}, {"enable.partition.eof", "true"}, {"fetch.wait.max.ms", "100"},
    {"fetch.message.max.bytes", "65536"}, {"queued.min.messages", "1"}};
  all.emplace_back("bootstrap.servers", wanted.bootstrap);
  if (wanted.config_file.empty()) return all;
  std::ifstream file(wanted.config_file);
  if (!file) throw usage_failure(wanted.config_file + ": cannot be read");
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals == 0)
      throw usage_failure(wanted.config_file + ":" + std::to_string(number) + ": not KEY=VALUE");
    all.emplace_back(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
  }
  return all;
}

cluster::cluster(const cluster_options& wanted) : timeout_ms_(static_cast<int>(wanted.timeout_ms)) {
  conf_owner conf(rd_kafka_conf_new());
  char text[512];
  for (const auto& [key, value] : properties_of(wanted))
    if (rd_kafka_conf_set(conf.get(), key.c_str(), value.c_str(), text, sizeof(text)) != RD_KAFKA_CONF_OK)
      throw usage_failure((wanted.config_file.empty() ? "" : wanted.config_file + ": ") + text);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), text, sizeof(text)));
  if (!handle_) throw usage_failure(text);
  (void)conf.release();  // the handle has it now
}

void cluster::on_error(rd_kafka_t*, int code, const char* reason, void* self) {
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) static_cast<cluster*>(self)->trouble_ = reason;
}

std::string cluster::explained(rd_kafka_resp_err_t code, const char* text) {
  rd_kafka_poll(handle_.get(), 0);  // runs on_error for what has happened
  auto line = error_line(code, text);
  if (is_unreachable(code) && !trouble_.empty()) line += " (" + trouble_ + ")";
  return line;
}

void cluster::ask_for_topics(rd_kafka_topic_t* only, std::vector<topic_metadata>& found) {
  const rd_kafka_metadata_t* answer = nullptr;
  const auto code = rd_kafka_metadata(handle_.get(), only == nullptr, only, &answer, timeout_ms_);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_failure(explained(code));
  const c_owner<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> owned(answer);
  for (int i = 0; i < answer->topic_cnt; ++i) found.push_back(metadata_of(answer->topics[i]));
}

std::vector<topic_metadata> cluster::all_topics() {
  std::vector<topic_metadata> found;
  ask_for_topics(nullptr, found);
  std::ranges::sort(found, {}, &topic_metadata::topic);
  return found;
}

std::vector<topic_metadata> cluster::topics(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<topic_metadata> chosen;
  if (names.size() <= topics_asked_alone) {
    for (const auto& name : names) {
      const topic_owner topic(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
      if (topic)
        ask_for_topics(topic.get(), chosen);
      else  // librdkafka takes no name that is empty or too long
        chosen.push_back({name, error_name(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION), {}});
    }
    return chosen;
  }
  const auto found = all_topics();
  for (const auto& name : names) {
    const auto at = std::ranges::lower_bound(found, name, {}, &topic_metadata::topic);
    const bool is_there = at != found.end() && at->topic == name;
    chosen.push_back(is_there ? *at : topic_metadata{name, error_name(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), {}});
  }
  return chosen;
}

std::map<topic_partition, cluster::time_answer> cluster::offsets_at(
  const std::map<topic_partition, std::int64_t>& times) {
  std::map<topic_partition, time_answer> answers;
  for (auto next = times.begin(); next != times.end();) {
    std::map<topic_partition, std::int64_t> some;
    for (; next != times.end() && some.size() < partitions_per_request; ++next) some.insert(*next);
    const auto list = partition_list_of(some);
    const auto code = rd_kafka_offsets_for_times(handle_.get(), list.get(), timeout_ms_);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_failure(explained(code));
    for (int i = 0; i < list->cnt; ++i) {
      const auto& one = list->elems[i];
      time_answer answer{one.offset < 0 ? -1 : one.offset, ""};
      if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) answer = {-1, error_name(one.err)};
      answers[{one.topic, one.partition}] = std::move(answer);
    }
  }
  return answers;
}

std::map<topic_partition, log_range> log_ranges_of(cluster& at, const std::vector<topic_metadata>& topics) {
  std::map<topic_partition, log_range> ranges;
  std::map<topic_partition, std::int64_t> times;
  for (const auto& topic : topics)
    for (const auto& one : topic.partitions) {
      if (one.leader >= 0)
        times[{topic.topic, one.partition}] = first_offset;
      else
        ranges[{topic.topic, one.partition}].error = error_name(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    }
  const auto starts = at.offsets_at(times);
  for (auto& [partition, time] : times) time = behind_last;
  for (const auto& [partition, end] : at.offsets_at(times)) {
    const auto& start = starts.at(partition);
    const auto& error = start.error.empty() ? end.error : start.error;
    ranges[partition] = error.empty() ? log_range{start.offset, end.offset, ""} : log_range{-1, -1, error};
  }
  return ranges;
}

void cluster::call(rd_kafka_admin_op_t what, std::size_t count, const start_call& start, const take_answer& take) {
  const queue_owner answers(rd_kafka_queue_new(handle_.get()));
  const options_owner options(rd_kafka_AdminOptions_new(handle_.get(), what));
  char text[512];
  const auto code = rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms_, text, sizeof(text));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_failure(error_line(code, text));
  std::size_t next = 0, in_flight = 0;
  while (next < count || in_flight > 0) {
    for (; next < count && in_flight < calls_in_flight; ++next, ++in_flight) {
      rd_kafka_AdminOptions_set_opaque(options.get(), reinterpret_cast<void*>(next));
      start(next, options.get(), answers.get());
    }
    // librdkafka answers within the timeout; the second is for its own threads.
    const event_owner event(rd_kafka_queue_poll(answers.get(), timeout_ms_ + 1000));
    if (!event) throw kafka_failure(explained(RD_KAFKA_RESP_ERR__TIMED_OUT));
    const auto failed = rd_kafka_event_error(event.get());
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw kafka_failure(explained(failed, rd_kafka_event_error_string(event.get())));
    --in_flight;
    take(reinterpret_cast<std::size_t>(rd_kafka_event_opaque(event.get())), event.get());
  }
}

}  // namespace tidegate::cli
