#pragma once

#include "messages/common/group_metadata.hpp"
#include "smq/ports.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Consumer positions (design §7.1): SMQ's own file for native programs, and the attribute `tg.pos` with what Kafka
/// needs exactly. A native rewrite keeps the attribute and replaces the content; the two values tell.
namespace tidegate::smq {

inline constexpr const char* position_attribute_name = "tg.pos";
inline constexpr std::uint8_t position_version = 2;

/// The partition that a position belongs to.
struct position_place {
  uuid topic_id;
  std::string partition_directory;  // topic_info::directory_of
  friend bool operator==(const position_place&, const position_place&) = default;
};

/// The attribute `tg.pos`. Layout: version 2 · value 8 · offset 8 · leader epoch 4 · topic id 16 · incarnation 16 ·
/// seq 8 · metadata with its length in 2 · CRC32C 4 of all bytes before it: nothing else would tell a flipped bit from an
/// offset. Version 1 ends before the checksum. Unknown trailing bytes are ignored.
struct position_attribute {
  std::int64_t value = 0;  // what we wrote as the content's "value"
  std::int64_t offset = -1;
  std::int32_t leader_epoch = -1;
  uuid topic_id;
  uuid incarnation;       // the process that wrote it
  std::uint64_t seq = 0;  // of that process
  std::string metadata;
  friend bool operator==(const position_attribute&, const position_attribute&) = default;
};

/// nullopt: the metadata is longer than 65535 bytes.
std::optional<std::string> encode_position_attribute(const position_attribute& attribute);

/// nullopt: damaged, or not of a known version.
std::optional<position_attribute> decode_position_attribute(std::string_view bytes);

/// Who writes a position, kept for audits.
struct position_writer {
  uuid incarnation;
  std::uint64_t seq = 0;
};

/// `path`: position_path() in a partition of this topic. `value_ns`: where a native RESUME goes on: the newest known
/// ts_ns + 1 of a message that ends at or below the offset, else (first ts_ns of its segment) − 1, else 1.
/// nullopt: the metadata is longer than 65535 bytes. In its unit the mutation comes after the group entry.
std::optional<mutation> make_position_mutation(std::string path, const uuid& topic_id,
                                               const committed_offset& committed, std::int64_t value_ns,
                                               const position_writer& writer);

/// The same, of a group.
std::optional<mutation> make_position_mutation(const position_place& place, std::string_view group_id,
                                               const committed_offset& committed, std::int64_t value_ns,
                                               const position_writer& writer);

/// In its unit the mutation comes before the group entry.
mutation make_position_erasure(const position_place& place, std::string_view group_id);

enum class position_result : std::uint8_t {
  found,    // `committed` is exact
  native,   // a native subscriber moved it: translate `native_value_ns`; `committed` has only metadata and time
  absent,   // proven
  damaged,  // no position, or it says that it is another topic's: asking again does not help
  unknown,  // could not be read now
};

struct position_answer {
  position_result code = position_result::unknown;
  std::string reason;
  committed_offset committed;
  std::int64_t native_value_ns = 0;
};

/// One entry as the store answered it. Damaged, unknown: reason says what.
position_answer interpret_position(const uuid& topic_id, const result<entry>& found);

struct position_query {
  std::string group_id;
  position_place place;
};

/// One answer per query, in order; a page of 512 that could not be read is `unknown` for all its queries. Thread: any.
void read_positions(entry_port& entries, std::vector<position_query> queries, time_point deadline,
                    completion<std::vector<position_answer>> done);

}  // namespace tidegate::smq
