#pragma once

#include "messages/common/counter.hpp"
#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

/// What the actors count; see messages/common/counter.hpp.
namespace tidegate::actors {

/// One counter per error code, without a look-up; codes that Kafka does not have share the last one.
class error_counters {
 public:
  static constexpr std::int16_t first = -1;
  static constexpr std::int16_t last = 126;

  void add(error_code error) {
    const auto code = static_cast<std::int16_t>(error);
    by_code_[static_cast<std::size_t>((code < first || code > last ? last : code) - first)].add();
  }
  [[nodiscard]] std::uint64_t value(error_code error) const {
    return by_code_[static_cast<std::size_t>(static_cast<std::int16_t>(error) - first)].value();
  }

 private:
  std::array<counter, last - first + 1> by_code_;
};

struct api_counters {
  counter requests;
  histogram<request_bounds> time;  // ns, from the decoding of the request to its answer
  error_counters errors;           // in answers: every place with a code that is not none
};

enum class actor_kind : std::uint8_t { connection, coordinator, offset_actor, registry };

struct actor_counters {
  gauge alive;
  counter starts;
  counter crashes;
  counter quarantines;  // of children that keep crashing; of a registry: the process ends
};

/// As `tidegate_groups{state}`: core::group_phase and what comes before it.
enum class group_state : std::uint8_t { loading, empty, preparing_rebalance, completing_rebalance, stable, dead };

struct actor_layer_counters {
  std::array<api_counters, kafka::apis.size()> apis;  // in the order of kafka::apis
  counter malformed_headers;
  counter malformed_bodies;
  counter unsupported_versions;
  counter replica_fetches;  // of somebody who says that he is a broker
  counter unencodable_answers;

  std::array<actor_counters, 4> actors;  // by actor_kind
  counter actor_exceptions;              // actors that ended by an exception: a rule of ours is broken

  std::array<gauge, 6> groups;  // by group_state
  gauge members;
  counter rebalances;
  counter refused_by_groups;      // requests: limits.groups
  counter refused_by_new_groups;  // limits.new_groups_per_second
  counter refused_by_group_metadata;    // limits.group_metadata_bytes
  counter refused_by_group_entry;       // what the store takes of one group
  counter refused_by_node_group_bytes;  // limits.node_group_bytes
  counter refused_by_partitions;      // topics that were not made or did not grow: limits.partitions
  counter refused_by_new_partitions;  // … or later: limits.new_partitions_per_second
  counter unparked_group_requests;      // dropped, since too many waited: their clients ask again
  counter unparked_partition_requests;
  counter commits;         // of one partition
  counter failed_commits;
  counter offset_fetches;  // of one partition

  counter appended_records;
  counter appended_bytes;
  counter fetched_records;
  counter fetched_bytes;
  counter reads_from_tail;
  counter reads_from_store;
  counter fetches_cut_short;  // limits.fetch_bytes_in_flight
  gauge waiting_fetches;
  error_counters refused_batches;

  counter damaged_records;
  counter damaged_positions;
  counter damaged_topics;
  counter damaged_groups;
  counter damaged_partitions;
  counter failed_reads;  // of records, not damaged as far as is known
  counter failed_topic_reads;
  counter failed_group_loads;
  counter failed_partition_loads;
  counter refused_appends;  // by the store
  counter gaps_declared;
  counter foreign_files;
};

inline constinit actor_layer_counters counted{};

/// Of an API that is in kafka::apis; null for others.
inline api_counters* counters_of(kafka::api_key key) {
  for (std::size_t i = 0; i < kafka::apis.size(); ++i)
    if (kafka::apis[i].key == key) return &counted.apis[i];
  return nullptr;
}

inline actor_counters& counters_of(actor_kind kind) { return counted.actors[static_cast<std::size_t>(kind)]; }

}  // namespace tidegate::actors
