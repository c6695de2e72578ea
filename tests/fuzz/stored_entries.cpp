// Formats of entries and of the embedded engine's files. Input: format 1, then the bytes, behind which their CRC32C is
// put when the highest bit of the format is set: otherwise nothing would get past it.
#include "messages/common/crc32c.hpp"
#include "smq/embedded/binary.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/index_codec.hpp"
#include "smq/fencing/formats.hpp"
#include "smq/names.hpp"
#include "smq/positions/group_entry.hpp"
#include "smq/positions/position_json.hpp"
#include "smq/positions/positions.hpp"
#include "smq/topics/topic_info.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::embedded;

namespace {

template <class Value>
std::string encode_fenced(const Value& value) {
  return smq::encode(value);
}

/// Bytes that are not UTF-8 are read as they are and written as U+FFFD; numbers always survive.
void check_position_json(std::string_view bytes) {
  const auto found = fuzz::within_budget(bytes.size(), [&] { return read_position_json(bytes); });
  if (!found) return;
  const auto again = read_position_json(write_position_json(*found));
  fuzz::require(again && again->value == found->value && again->committed_at_ms == found->committed_at_ms,
                "a position survives the round trip");
  fuzz::require(read_position_json(write_position_json(*again)) == again, "metadata in UTF-8 survives");
}

void check_entry(std::string_view bytes) {
  const auto decode = [](std::string_view b) { return decode_entry("/a/b", b); };
  fuzz::round_trip(bytes, decode, encode_entry);
  const auto whole = decode(bytes);
  if (!whole) return;
  fuzz::require(content_of(bytes) == whole->content, "the content is that of the entry");
  const auto ids = chunks_of(bytes);
  fuzz::require(ids && ids->size() == whole->chunks.size(), "the chunks are those of the entry");
}

/// Names that clients choose become names of entries that need no escape and, but for topics, are never too long.
void check_names(std::string_view bytes) {
  const auto name = escape_name(bytes);
  const auto group = escape_group(bytes);
  fuzz::require(!group.empty() && group.size() <= 180, "a group's name fits");
  for (const auto& one : {name, group})
    fuzz::require(one.find_first_of(std::string_view("/\\\n\0", 4)) == std::string::npos && one[0] != '.',
                  "an entry's name is harmless");
  const auto path = position_path("/topics/kafka/t/v/0000-0031", bytes);
  if (name.size() <= 180) fuzz::require(group_of_position(path) == bytes, "a position tells its group");
  group_of_position(bytes);
}

}  // namespace

void fuzz::run(byte_view input) {
  dice from(input);
  const unsigned format = from.byte();
  std::string bytes(as_text(from.rest()));
  if ((format & 0x80U) != 0) put_number(bytes, crc32c(as_byte_view(bytes)));
  switch (format % 16) {
    case 0: return round_trip(bytes, decode_fence, encode_fenced<fence>);
    case 1: return round_trip(bytes, decode_member, encode_fenced<member_record>);
    case 2: return round_trip(bytes, decode_view, encode_fenced<view_entry>);
    case 3: return round_trip(bytes, decode_name_record, encode_name_record);
    case 4: return round_trip(bytes, decode_topic_entry, encode_topic_entry);
    case 5: return round_trip(bytes, decode_group_entry, encode_group_entry);
    case 6: return round_trip(bytes, decode_position_attribute, encode_position_attribute);
    case 7: return check_position_json(bytes);
    case 8: return check_entry(bytes);
    case 9: return round_trip(bytes, decode_header, encode_header);
    case 10: return round_trip(bytes, decode_section, encode_section);
    case 11: return round_trip(bytes, decode_place, encode_place);
    case 12: return round_trip(bytes, decode_position, encode_position);
    default: return check_names(bytes);
  }
}
