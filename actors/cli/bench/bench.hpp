#pragma once

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/admin/output.hpp"

#include <cstdint>
#include <string>

/// `tidegate bench`: load on any Kafka broker, and what it took. A load is one thread, its connections are without TLS.
/// Each call prints one report when all went well, and throws kafka_failure when a broker answered an error, did not
/// answer in time, or a record is missing. Latencies count from the moment at which a request was due.
/// Source: design §3.
namespace tidegate::cli::bench {

struct produce_options {
  std::string topic;
  std::int32_t partitions = 0;  // 0: all there are, or the broker's default for a new topic
  std::int64_t records = 100'000;
  std::int64_t size = 1000;  // bytes of a value
  std::int64_t batch_bytes = 65536;
  double rate = 0;  // records a second; 0: as fast as possible
  std::int16_t acks = -1;
  std::int64_t in_flight = 5;    // requests of a connection
  std::int64_t connections = 1;  // to each broker
  bool is_idempotent = false;
};
int run_produce(cluster& at, const produce_options& wanted, const output& to);

struct consume_options {
  std::string topic;
  std::int64_t offset = -1;      // of every partition, and not behind its end; −1: the first that is there
  std::int64_t connections = 1;  // to each broker
  std::int64_t in_flight = 1;
  std::int32_t max_bytes = 52'428'800;
  std::int32_t partition_max_bytes = 1'048'576;
  bool checks_crcs = false;
};
int run_consume(cluster& at, const consume_options& wanted, const output& to);

struct commit_options {
  std::string topic;
  std::string group_prefix = "bench-";
  std::int64_t groups = 100;
  std::int32_t partitions = 10;
  std::int64_t connections = 1;
  std::int64_t in_flight = 1;
  double seconds = 10;
};
int run_commit(cluster& at, const commit_options& wanted, const output& to);

struct e2e_options {
  std::string topic;
  std::int32_t partitions = 0;
  double rate = 100;
  double seconds = 10;
  std::int64_t size = 1000;
  std::int16_t acks = -1;
};
int run_e2e(cluster& at, const e2e_options& wanted, const output& to);

/// Groups leave at positions that follow from their names, and come back, in this process or another: nothing is kept.
struct resume_options {
  std::string topic;
  std::string group_prefix = "bench-resume-";
  std::int64_t groups = 100;
  std::int32_t partitions = 10;
  std::int64_t records = 100;  // of each partition
  std::int64_t size = 100;     // bytes of a value, or as many as its name has
  std::int64_t connections = 8;
  std::int64_t in_flight = 1;
  std::int32_t max_bytes = 52'428'800;
  std::int32_t partition_max_bytes = 1'048'576;
  bool leaves = true;
  bool returns = true;
};
/// Errors: kafka_failure also when a group does not get exactly the next record of each partition.
int run_resume(cluster& at, const resume_options& wanted, const output& to);

}  // namespace tidegate::cli::bench
