#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Records of the SMQ topic `kafka-system/offset-mappings` (design §6.4): which Kafka offset lies where. Derived, for
/// native programs, tools and audits; nothing in the gateway reads them to start, load or serve.
namespace tidegate::smq {

inline constexpr std::string_view mappings_namespace = "kafka-system";
inline constexpr std::string_view mappings_topic = "offset-mappings";
inline constexpr std::int32_t mappings_partitions = 4;

struct mapping_record {
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;
  std::int64_t ts_ns = 0;
  std::int32_t leader_epoch = 0;
  std::int64_t log_start = 0;
  std::string segment;  // name of the segment that holds next_offset − 1
  friend bool operator==(const mapping_record&, const mapping_record&) = default;
};

/// Topic id and partition, 20 bytes: the record's key.
std::string mapping_key(const uuid& topic_id, std::int32_t partition);

/// xxh3-64 of the key, modulo 4: the partition of the mapping topic.
std::int32_t mapping_partition(const uuid& topic_id, std::int32_t partition);

/// The record's value.
std::string encode_mapping(const mapping_record& record);

/// nullopt: not a mapping record of a known version.
std::optional<mapping_record> decode_mapping(std::string_view bytes);

}  // namespace tidegate::smq
