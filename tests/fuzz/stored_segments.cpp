// Formats of a partition as the store holds them. Input: format 1, then the bytes, behind which their CRC32C is put
// when the highest bit of the format is set: otherwise nothing would get past it.
#include "actors/core/producer_state.hpp"
#include "messages/common/crc32c.hpp"
#include "smq/mappings.hpp"
#include "smq/segments/big_endian.hpp"
#include "smq/segments/frame.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/partition_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/fuzz/round_trip.hpp"

#include <algorithm>

using namespace tidegate;
using namespace tidegate::smq;

namespace {

void check_frame(byte_view bytes) {
  const auto f = decode_frame(bytes);
  if (!f) return;
  const auto again = encode_frame(*f, bytes.subspan(frame::size));
  fuzz::require(std::ranges::equal(again, bytes.first(frame::size)), "a frame has one encoding");
}

/// Puts the CRCs of the first frame and of its batch right: the bytes behind it up to `behind` bytes before the end.
void put_crcs_right(std::string& bytes, std::size_t behind) {
  const auto at = bytes.find("TGB1");
  if (at == std::string::npos || bytes.size() - at < frame::size + 61 + behind) return;
  const auto batch = at + frame::size;
  const auto records = as_byte_view(bytes).subspan(batch + 21, bytes.size() - behind - batch - 21);
  bytes.replace(batch + 17, 4, be_writer{}.put(crc32c(records)).take());
  const auto head = crc32c(as_byte_view(bytes).subspan(at, 36));
  bytes.replace(at + 36, 4, be_writer{}.put(crc32c(as_byte_view(bytes).subspan(batch, 21), head)).take());
}

void check_log_entry(std::string bytes, bool puts_right) {
  if (puts_right) put_crcs_right(bytes, 16);  // key 2 + 12, message number 2
  const auto view = as_byte_view(bytes);
  const uuid topic;
  const auto whole = decode_log_entry(view, topic, 0);
  const auto head = peek_log_entry(view.first(std::min(view.size(), log_entry_head_bytes)), topic, 0);
  if (!whole) return;
  fuzz::require(whole->stored_bytes <= view.size(), "a message ends inside its bytes");
  fuzz::require(whole->batch_position + whole->batch_bytes <= whole->stored_bytes, "a batch ends inside its message");
  fuzz::require(whole->next_offset > whole->base_offset && whole->base_offset >= 0, "a batch has offsets");
  if (head) fuzz::require(head->base_offset == whole->base_offset && head->ts_ns == whole->ts_ns, "the head agrees");
}

void check_attributes(std::string_view bytes, bool puts_right) {
  if (bytes.size() < 16) return;
  std::map<std::string, std::string> stored{{"offset_min", std::string(bytes.substr(0, 8))},
                                            {"offset_max", std::string(bytes.substr(8, 8))},
                                            {"tg.seg", std::string(bytes.substr(16))}};
  auto& own = stored["tg.seg"];
  if (puts_right) own += be_writer{}.put(crc32c(as_byte_view(bytes.substr(0, 16)), crc32c(as_byte_view(own)))).take();
  const auto found = fuzz::within_budget(bytes.size(), [&] { return decode_segment_attributes(stored); });
  if (!found) return;
  auto expected = *found;
  expected.size_bytes = found->size_bytes.value_or(0);  // version 1 has none
  fuzz::require(decode_segment_attributes(encode_segment_attributes(*found)) == expected, "attributes survive");
}

void check_name(std::string_view bytes) {
  if (const auto parts = parse_segment_name(bytes))
    fuzz::require(segment_name(parts->second, parts->base_offset) == bytes, "a segment has one name");
}

}  // namespace

void fuzz::run(byte_view input) {
  dice from(input);
  const unsigned format = from.byte();
  const bool puts_right = (format & 0x80U) != 0;
  std::string bytes(as_text(from.rest()));
  if (format % 8 == 1) return check_log_entry(bytes, puts_right);
  if (format % 8 == 2) return check_attributes(bytes, puts_right);
  if (format % 8 == 0 && puts_right) put_crcs_right(bytes, 0);
  if (format % 8 != 0 && puts_right) bytes += be_writer{}.put(crc32c(as_byte_view(bytes))).take();
  switch (format % 8) {
    case 0: return check_frame(as_byte_view(bytes));
    case 3: return round_trip(bytes, decode_partition_entry, encode_partition_entry);
    case 4: return check_name(bytes);
    case 5: return round_trip(bytes, decode_mapping, encode_mapping);
    default: return round_trip(bytes, [](std::string_view b) { return core::producer_state::decode(as_byte_view(b)); },
                               [](const core::producer_state& s) { return s.encode(); });
  }
}
