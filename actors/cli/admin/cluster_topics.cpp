#include "actors/cli/admin/cluster_topics.hpp"

#include <algorithm>
#include <span>

namespace tidegate::cli {

namespace {

constexpr std::size_t topics_per_request = 500;

using new_topic_owner = c_owner<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using delete_owner = c_owner<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>;
using partitions_owner = c_owner<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>;
using resource_owner = c_owner<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

outcome outcome_of(const rd_kafka_topic_result_t* one) {
  const auto code = rd_kafka_topic_result_error(one);
  const bool is_good = code == RD_KAFKA_RESP_ERR_NO_ERROR;
  return {rd_kafka_topic_result_name(one), is_good ? "" : error_line(code, rd_kafka_topic_result_error_string(one))};
}

void throw_if_any(std::span<const rd_kafka_topic_result_t* const> topics) {
  for (const auto* topic : topics)
    if (const auto one = outcome_of(topic); !one.error.empty()) throw kafka_failure(one.error);
}

topic_configs configs_of(const rd_kafka_ConfigResource_t* resource) {
  topic_configs result;
  const auto code = rd_kafka_ConfigResource_error(resource);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    result.error = error_line(code, rd_kafka_ConfigResource_error_string(resource));
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigEntry_is_default(entries[i]) != 0) continue;
    const auto* value = rd_kafka_ConfigEntry_value(entries[i]);
    result.changed[rd_kafka_ConfigEntry_name(entries[i])] = value == nullptr ? "" : value;
  }
  return result;
}

/// Calls `ask` with each portion of the names.
template <class Ask>
void each_portion(const std::vector<std::string>& names, const Ask& ask) {
  for (std::size_t from = 0; from < names.size(); from += topics_per_request) {
    const auto until = std::min(from + topics_per_request, names.size());
    ask(std::vector<std::string>(names.begin() + static_cast<std::ptrdiff_t>(from),
                                 names.begin() + static_cast<std::ptrdiff_t>(until)));
  }
}

}  // namespace

void create_topic(cluster& at, const new_topic& wanted) {
  char text[512];
  const new_topic_owner topic(
    rd_kafka_NewTopic_new(wanted.topic.c_str(), wanted.partitions, wanted.replication, text, sizeof(text)));
  if (!topic) throw kafka_failure(error_line(RD_KAFKA_RESP_ERR__INVALID_ARG, text));
  for (const auto& [name, value] : wanted.configs) {
    const auto code = rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_failure(error_line(code));
  }
  const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
    // The broker answers when the topic is there, if that is within this time.
    rd_kafka_AdminOptions_set_operation_timeout(options, at.timeout_ms(), text, sizeof(text));
    auto* one = topic.get();
    rd_kafka_CreateTopics(at.handle(), &one, 1, options, answers);
  };
  const auto take = [](std::size_t, rd_kafka_event_t* event) {
    std::size_t count = 0;
    const auto* const* topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    throw_if_any({topics, count});
  };
  at.call(RD_KAFKA_ADMIN_OP_CREATETOPICS, 1, start, take);
}

void add_partitions(cluster& at, const std::string& topic, std::int32_t total, bool only_checks) {
  char text[512];
  const partitions_owner wanted(
    rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(total), text, sizeof(text)));
  if (!wanted) throw kafka_failure(error_line(RD_KAFKA_RESP_ERR__INVALID_ARG, text));
  const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
    rd_kafka_AdminOptions_set_operation_timeout(options, at.timeout_ms(), text, sizeof(text));
    rd_kafka_AdminOptions_set_validate_only(options, only_checks ? 1 : 0, text, sizeof(text));
    auto* one = wanted.get();
    rd_kafka_CreatePartitions(at.handle(), &one, 1, options, answers);
  };
  const auto take = [](std::size_t, rd_kafka_event_t* event) {
    std::size_t count = 0;
    const auto* const* topics =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count);
    throw_if_any({topics, count});
  };
  at.call(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, 1, start, take);
}

std::vector<outcome> delete_topics(cluster& at, const std::vector<std::string>& names) {
  std::vector<outcome> outcomes;
  each_portion(names, [&](const std::vector<std::string>& portion) {
    std::vector<delete_owner> owned;
    std::vector<rd_kafka_DeleteTopic_t*> requests;
    for (const auto& name : portion) {
      owned.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()));
      requests.push_back(owned.back().get());
    }
    const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
      char text[512];
      rd_kafka_AdminOptions_set_operation_timeout(options, at.timeout_ms(), text, sizeof(text));
      rd_kafka_DeleteTopics(at.handle(), requests.data(), requests.size(), options, answers);
    };
    const auto take = [&](std::size_t, rd_kafka_event_t* event) {
      std::size_t count = 0;
      const auto* const* topics =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
      for (std::size_t i = 0; i < count; ++i) outcomes.push_back(outcome_of(topics[i]));
    };
    at.call(RD_KAFKA_ADMIN_OP_DELETETOPICS, 1, start, take);
  });
  std::ranges::sort(outcomes, {}, &outcome::name);
  return outcomes;
}

std::map<std::string, topic_configs> changed_configs(cluster& at, const std::vector<std::string>& names) {
  std::map<std::string, topic_configs> found;
  each_portion(names, [&](const std::vector<std::string>& portion) {
    std::vector<resource_owner> owned;
    std::vector<rd_kafka_ConfigResource_t*> requests;
    for (const auto& name : portion) {
      owned.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
      requests.push_back(owned.back().get());
    }
    const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
      rd_kafka_DescribeConfigs(at.handle(), requests.data(), requests.size(), options, answers);
    };
    const auto take = [&](std::size_t, rd_kafka_event_t* event) {
      std::size_t count = 0;
      const auto* const* resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
      for (std::size_t i = 0; i < count; ++i)
        found[rd_kafka_ConfigResource_name(resources[i])] = configs_of(resources[i]);
    };
    at.call(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, 1, start, take);
  });
  return found;
}

}  // namespace tidegate::cli
