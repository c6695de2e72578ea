#include "smq/segments/segment_attributes.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/segments/big_endian.hpp"

#include <utility>

namespace tidegate::smq {

namespace {

constexpr const char* own_name = "tg.seg";
constexpr std::uint8_t version_without_checksum = 1;

std::optional<std::int64_t> number(const std::map<std::string, std::string>& stored, const char* name) {
  auto found = stored.find(name);
  if (found == stored.end() || found->second.size() != 8) return std::nullopt;
  return be_reader{as_byte_view(found->second)}.get<std::int64_t>();
}

std::uint32_t checksum(std::string_view own, const segment_attributes& a) {
  const auto numbers = be_writer{}.put(a.first_message_number).put(a.last_message_number).take();
  return crc32c(as_byte_view(numbers), crc32c(as_byte_view(own)));
}

}  // namespace

std::map<std::string, std::string> encode_segment_attributes(const segment_attributes& a) {
  be_writer own;
  own.put(segment_attributes_version).put(a.base_offset).put(a.next_offset).put(a.first_ts_ns).put(a.last_ts_ns);
  own.put(a.max_timestamp).put(a.leader_epoch).put(a.topic_id).put(a.partition).put(a.size_bytes.value_or(0));
  auto bytes = own.take();
  bytes += be_writer{}.put(checksum(bytes, a)).take();
  return {{"buffer_start", be_writer{}.put(a.first_message_number).take()},
          {"offset_max", be_writer{}.put(a.last_message_number).take()},
          {"offset_min", be_writer{}.put(a.first_message_number).take()},
          {own_name, std::move(bytes)}};
}

std::string_view own_attribute(const std::map<std::string, std::string>& stored) {
  const auto own = stored.find(own_name);
  return own == stored.end() ? std::string_view{} : own->second;
}

std::optional<segment_attributes> decode_segment_attributes(const std::map<std::string, std::string>& stored) {
  auto own = stored.find(own_name);
  auto first_message_number = number(stored, "offset_min");
  auto last_message_number = number(stored, "offset_max");
  if (own == stored.end() || !first_message_number || !last_message_number) return std::nullopt;
  be_reader reader{as_byte_view(own->second)};
  const auto stored_version = reader.get<std::uint8_t>();
  if (stored_version != segment_attributes_version && stored_version != version_without_checksum) return std::nullopt;
  segment_attributes a;
  a.base_offset = reader.get<std::int64_t>();
  a.next_offset = reader.get<std::int64_t>();
  a.first_ts_ns = reader.get<std::int64_t>();
  a.last_ts_ns = reader.get<std::int64_t>();
  a.max_timestamp = reader.get<std::int64_t>();
  a.leader_epoch = reader.get<std::int32_t>();
  a.topic_id = reader.get_uuid();
  a.partition = reader.get<std::int32_t>();
  a.first_message_number = *first_message_number;
  a.last_message_number = *last_message_number;
  if (stored_version == segment_attributes_version) {
    a.size_bytes = reader.get<std::uint64_t>();
    const auto covered = own->second.size() - reader.left();
    if (reader.get<std::uint32_t>() != checksum(std::string_view{own->second}.substr(0, covered), a)) return std::nullopt;
  }
  if (!reader.ok() || a.base_offset < 0 || a.next_offset <= a.base_offset || a.first_ts_ns > a.last_ts_ns ||
      a.first_message_number < 0 || a.last_message_number < a.first_message_number)
    return std::nullopt;
  return a;
}

}  // namespace tidegate::smq
