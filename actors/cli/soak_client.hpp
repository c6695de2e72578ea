#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// What the soak's clients share.
namespace tidegate::cli {

/// So long may nothing happen before a client counts as stuck. A cluster of which everything was killed needs some of
/// it.
constexpr std::chrono::seconds patience{120};

/// Where the clients work, and whether they still should.
struct soak_place {
  std::string brokers;
  std::string topic;
  std::int32_t partitions = 0;
  std::atomic<bool> stopping = false;  // set once; every wait ends soon after
};

/// The soak cannot go on: a client that is stuck, a command that failed. Not a wrong record.
struct soak_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Errors: soak_failure when librdkafka does not take a setting.
inline std::unique_ptr<RdKafka::Conf> make_conf(const soak_place& place,
                                                const std::map<std::string, std::string>& settings) {
  std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  std::map<std::string, std::string> all = {{"bootstrap.servers", place.brokers}, {"client.id", "tidegate-soak"},
                                            {"log_level", "0"}, {"reconnect.backoff.ms", "50"},
                                            {"reconnect.backoff.max.ms", "500"}, {"retry.backoff.ms", "50"}};
  for (const auto& [name, value] : settings) all[name] = value;
  std::string error;
  for (const auto& [name, value] : all)
    if (conf->set(name, value, error) != RdKafka::Conf::CONF_OK) throw soak_failure(error);
  return conf;
}

/// The number in a record's value; −1 when it is none.
inline std::int64_t number_in(const RdKafka::Message& message) {
  const auto* text = static_cast<const char*>(message.payload());
  std::int64_t number = -1;
  const auto [end, failed] = std::from_chars(text, text + message.len(), number);
  return failed == std::errc{} && end == text + message.len() ? number : -1;
}

/// The partitions of a topic, owned.
class partition_list {
 public:
  partition_list(const std::string& topic, const std::vector<std::int64_t>& offsets) {
    for (std::size_t p = 0; p < offsets.size(); ++p)
      all_.push_back(RdKafka::TopicPartition::create(topic, static_cast<int>(p), offsets[p]));
  }
  partition_list(const partition_list&) = delete;
  partition_list& operator=(const partition_list&) = delete;
  ~partition_list() { RdKafka::TopicPartition::destroy(all_); }

  std::vector<RdKafka::TopicPartition*>& get() { return all_; }

 private:
  std::vector<RdKafka::TopicPartition*> all_;
};

}  // namespace tidegate::cli
