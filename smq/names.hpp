#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where everything lies in the tree (design §10). All paths are absolute and hold no name that a client chose
/// without its escape.
namespace tidegate::smq {

/// Percent-encodes (upper-case hex) every byte outside [A-Za-z0-9._-] and a leading ".". The empty name becomes "%",
/// which no other name does: an entry needs a name.
std::string escape_name(std::string_view name);

/// `escape_name`; above 180 bytes the first 100 of them, "~" and the SHA-256 of the original in hex. At most 180 bytes.
std::string escape_group(std::string_view group_id);

/// Kafka's rule: 1 to 249 of [a-zA-Z0-9._-], neither "." nor "..".
bool is_legal_topic_name(std::string_view name);
inline constexpr std::size_t longest_topic_name = 249;

/// What we keep beside SMQ's namespaces: names, groups, and who may write.
inline constexpr std::string_view own_root = "/topics/.tidegate";
inline constexpr std::string_view kafka_namespace = "kafka";
inline constexpr std::int32_t slots_per_partition = 32;

std::string names_directory();
std::string name_entry_path(std::string_view topic);
std::string groups_directory();
std::string group_entry_path(std::string_view group_id);

/// "/topics/<smq_namespace>/<escaped topic>".
std::string topic_directory(std::string_view topic, std::string_view smq_namespace = kafka_namespace);

/// SMQ's file in a topic's directory, and ours.
inline constexpr std::string_view topic_conf_name = "topic.conf";
inline constexpr std::string_view topic_entry_name = "tidegate.topic";

std::string topic_conf_path(std::string_view topic, std::string_view smq_namespace = kafka_namespace);
std::string topic_entry_path(std::string_view topic, std::string_view smq_namespace = kafka_namespace);

/// SMQ's "v2006-01-02-15-04-05", UTC. `creation_second`: seconds since 1970.
std::string version_name(std::int64_t creation_second);

std::string version_directory(std::string_view topic, std::int64_t creation_second,
                              std::string_view smq_namespace = kafka_namespace);

/// SMQ's "0000-0031" of the ring range [start, stop].
std::string range_name(std::int32_t start, std::int32_t stop);

/// Kafka partition N is the ring range [32 N, 32 N + 31] below the version directory.
std::string partition_directory(std::string_view topic, std::int64_t creation_second, std::int32_t partition,
                                std::string_view smq_namespace = kafka_namespace);

/// What is in a partition's directory beside segments: our entry, SMQ's checkpoint, the directory of all positions.
inline constexpr std::string_view partition_entry_name = "tidegate.offset";
inline constexpr std::string_view checkpoint_name = "checkpoint.offset";
inline constexpr std::string_view positions_name = "consumers";
inline constexpr std::string_view position_suffix = ".offset";

std::string partition_entry_path(std::string_view partition_dir);
std::string checkpoint_path(std::string_view partition_dir);
std::string positions_directory(std::string_view partition_dir);

/// Entries of this name never name chunks: groups, positions, and what partitions remember of themselves. False says
/// nothing.
bool never_names_chunks(std::string_view path);

/// "<partition directory>/consumers/kafka-cg-<escaped group>.offset": where SMQ keeps that group's position.
std::string position_path(std::string_view partition_dir, std::string_view group_id);

/// What of it follows the partition directory.
std::string position_path_end(std::string_view group_id);

/// Whose position lies at a path. nullopt: not a position of a Kafka group, or its name was shortened to a hash.
std::optional<std::string> group_of_position(std::string_view path);

/// 4096, or the next multiple of it with room for `partitions` ranges.
std::int32_t ring_size_for(std::int32_t partitions);

}  // namespace tidegate::smq
