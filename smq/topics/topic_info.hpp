#pragma once

#include "messages/common/uuid.hpp"
#include "smq/names.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// A topic as storage knows it, and its two entries (design §6.2, §10).
namespace tidegate::smq {

enum class topic_state : std::uint8_t { live = 1, deleting = 2, gone = 3 };

/// batch: one SMQ message is one Kafka record batch (§6.1).
enum class topic_format : std::uint8_t { batch = 1 };

/// The first byte of the two entries.
inline constexpr std::uint8_t name_record_version = 1;
inline constexpr std::uint8_t topic_entry_version = 1;

inline constexpr std::int32_t default_span_seconds = 600;
/// `topic.conf` has about 200 bytes per partition and a filer entry must stay small.
inline constexpr std::int32_t most_partitions = 10'000;
/// The last second whose nanoseconds fit SMQ's int64: in the year 2262.
inline constexpr std::int64_t last_creation_second = 9'223'372'035;

struct topic_info {
  std::string name;
  uuid id;
  std::int32_t partitions = 1;
  std::map<std::string, std::string> configs;
  std::int64_t creation_second = 0;  // since 1970, UTC; the version directory is its name
  std::int32_t span_seconds = default_span_seconds;
  topic_state state = topic_state::live;
  topic_format format = topic_format::batch;

  /// `partition`: 0 up to, not including, `partitions`.
  [[nodiscard]] std::string directory_of(std::int32_t partition) const {
    return partition_directory(name, creation_second, partition);
  }

  friend bool operator==(const topic_info&, const topic_info&) = default;
};

/// Content of `names/<topic>`: the guard and the authority of a topic. Never deleted.
struct name_record {
  topic_state state = topic_state::live;
  uuid topic_id;
  std::int64_t creation_second = 0;
  uuid transaction_id;  // random: no content is ever used twice
  std::string name;
  friend bool operator==(const name_record&, const name_record&) = default;
};

std::string encode_name_record(const name_record& record);

/// nullopt: not a name record of a known version.
std::optional<name_record> decode_name_record(std::string_view content);

/// Content of `tidegate.topic`; nullopt: a config does not fit (65535 bytes). The state is not in it.
std::optional<std::string> encode_topic_entry(const topic_info& topic);

/// nullopt: not a topic entry of a known version. The state of the answer means nothing.
std::optional<topic_info> decode_topic_entry(std::string_view content);

/// SMQ's own `topic.conf` (protojson of ConfigureTopicResponse), with our ring ranges and no leader.
/// Source: SeaweedFS 4.48, weed/mq/topic.
std::string make_topic_conf(const topic_info& topic);

/// `old`, what native programs have made of it, with the partitions of `topic` and no leader; all else (retention, record
/// type, key columns, schema format, what later brokers add) stays as it is, byte for byte.
/// Errors: nullopt when `old` is no JSON object.
std::optional<std::string> grow_topic_conf(std::string_view old, const topic_info& topic);

}  // namespace tidegate::smq
