#pragma once

#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

/// What brokers told `tidegate topics` and `tidegate groups`. Plain values; no Kafka client.
namespace tidegate::cli {

/// A broker answered an error, or did not answer: one line that begins with Kafka's name for it.
struct kafka_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line or a file that it names is wrong.
struct usage_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where the cluster is, and how to talk to it.
struct cluster_options {
  std::string bootstrap = "127.0.0.1:9092";
  std::int64_t timeout_ms = 10000;  // how long one answer may take
  std::string config_file;          // of librdkafka properties; empty: none
};

struct topic_partition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const topic_partition&) const = default;
};

/// The offsets of a partition's first record and behind its last one; both −1 when `error` says why nobody knows.
struct log_range {
  std::int64_t start = -1;
  std::int64_t end = -1;
  std::string error;  // Kafka's name
};

struct partition_metadata {
  std::int32_t partition = 0;
  std::int32_t leader = -1;  // node id; −1: none
  std::vector<std::int32_t> replicas;
  std::vector<std::int32_t> in_sync;
};

struct topic_metadata {
  std::string topic;
  std::string error;  // Kafka's name; empty: none
  std::vector<partition_metadata> partitions;
};

struct committed_offset {
  topic_partition at;
  std::int64_t offset = 0;
  std::string metadata;
};

struct group_listing {
  std::string group;
  std::string state;
  bool is_simple = false;  // committed to, never joined
};

struct group_member {
  std::string member_id;
  std::string instance_id;  // empty: not static
  std::string client_id;
  std::string host;
  std::vector<topic_partition> partitions;
};

/// `state` is "Dead" for a group that the coordinator does not know.
struct group_description {
  std::string group;
  std::string error;  // one line that begins with Kafka's name; empty: none
  std::string state;
  std::string protocol;     // the assignor that was chosen; empty: none
  std::string coordinator;  // "id at host:port"
  std::vector<group_member> members;
};

/// What came of one of many things that were asked for in one command: no `error` means done.
struct outcome {
  std::string name;
  std::string error;  // one line that begins with Kafka's name
};

}  // namespace tidegate::cli
