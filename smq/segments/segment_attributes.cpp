#include "smq/segments/segment_attributes.hpp"

#include "smq/segments/big_endian.hpp"

namespace tidegate::smq {

namespace {

constexpr std::uint8_t version = 1;

std::optional<std::int64_t> number(const std::map<std::string, std::string>& stored, const char* name) {
  auto found = stored.find(name);
  if (found == stored.end() || found->second.size() != 8) return std::nullopt;
  return be_reader{as_byte_view(found->second)}.get<std::int64_t>();
}

}  // namespace

std::map<std::string, std::string> encode_segment_attributes(const segment_attributes& a) {
  be_writer own;
  own.put(version).put(a.base_offset).put(a.next_offset).put(a.first_ts_ns).put(a.last_ts_ns).put(a.max_timestamp);
  own.put(a.leader_epoch).put(a.topic_id).put(a.partition);
  return {{"buffer_start", be_writer{}.put(a.first_message_number).take()},
          {"offset_max", be_writer{}.put(a.last_message_number).take()},
          {"offset_min", be_writer{}.put(a.first_message_number).take()},
          {"tg.seg", own.take()}};
}

std::optional<segment_attributes> decode_segment_attributes(const std::map<std::string, std::string>& stored) {
  auto own = stored.find("tg.seg");
  auto first_message_number = number(stored, "offset_min");
  auto last_message_number = number(stored, "offset_max");
  if (own == stored.end() || !first_message_number || !last_message_number) return std::nullopt;
  be_reader reader{as_byte_view(own->second)};
  if (reader.get<std::uint8_t>() != version) return std::nullopt;
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
  if (!reader.ok() || a.base_offset < 0 || a.next_offset <= a.base_offset || a.first_ts_ns > a.last_ts_ns ||
      a.first_message_number < 0 || a.last_message_number < a.first_message_number)
    return std::nullopt;
  return a;
}

}  // namespace tidegate::smq
