#include "smq/mappings.hpp"

#include "smq/layout.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidegate::smq {

namespace {

constexpr std::uint8_t mapping_version = 1;

}  // namespace

std::string mapping_key(const uuid& topic_id, std::int32_t partition) {
  layout_writer out;
  out.id(topic_id);
  out.i32(partition);
  return out.take();
}

std::int32_t mapping_partition(const uuid& topic_id, std::int32_t partition) {
  const auto key = mapping_key(topic_id, partition);
  return static_cast<std::int32_t>(XXH3_64bits(key.data(), key.size()) % mappings_partitions);
}

std::string encode_mapping(const mapping_record& record) {
  layout_writer out;
  out.u8(mapping_version);
  out.id(record.topic_id);
  out.i32(record.partition);
  out.i64(record.next_offset);
  out.i64(record.ts_ns);
  out.i32(record.leader_epoch);
  out.i64(record.log_start);
  out.text(record.segment);
  return out.take();
}

std::optional<mapping_record> decode_mapping(std::string_view bytes) {
  layout_reader in(bytes);
  if (in.u8() != mapping_version) return std::nullopt;
  mapping_record record;
  record.topic_id = in.id();
  record.partition = in.i32();
  record.next_offset = in.i64();
  record.ts_ns = in.i64();
  record.leader_epoch = in.i32();
  record.log_start = in.i64();
  record.segment = in.text();
  if (!in.good()) return std::nullopt;
  return record;
}

}  // namespace tidegate::smq
