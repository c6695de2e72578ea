#include "smq/segments/frame.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/segments/big_endian.hpp"

namespace tidegate::smq {

namespace {

constexpr std::string_view magic = "TGB1";
constexpr std::uint8_t version = 1;
constexpr std::uint8_t kind_record_batch = 1;
constexpr std::size_t crc_position = frame::size - 4;

}  // namespace

std::array<std::byte, frame::size> encode_frame(const frame& f, byte_view batch) {
  be_writer writer;
  writer.put_bytes(as_byte_view(magic)).put(version).put(kind_record_batch).put(std::uint16_t{0});
  writer.put(f.topic_id).put(f.partition).put(f.ts_ns);
  auto text = writer.take();
  auto crc = crc32c(batch.first(frame::covered_batch_bytes), crc32c(as_byte_view(text)));
  text += be_writer{}.put(crc).take();
  std::array<std::byte, frame::size> bytes{};
  std::ranges::copy(as_byte_view(text), bytes.begin());
  return bytes;
}

std::optional<frame> decode_frame(byte_view data) {
  if (data.size() < frame::size + frame::covered_batch_bytes) return std::nullopt;
  be_reader reader{data.first(frame::size)};
  if (as_text(reader.take(magic.size())) != magic) return std::nullopt;
  if (reader.get<std::uint8_t>() != version) return std::nullopt;
  if (reader.get<std::uint8_t>() != kind_record_batch) return std::nullopt;
  // An unknown flag may change what the bytes mean: not ours to guess.
  if (reader.get<std::uint16_t>() != 0) return std::nullopt;
  frame f;
  f.topic_id = reader.get_uuid();
  f.partition = reader.get<std::int32_t>();
  f.ts_ns = reader.get<std::int64_t>();
  auto crc = crc32c(data.subspan(frame::size, frame::covered_batch_bytes), crc32c(data.first(crc_position)));
  if (reader.get<std::uint32_t>() != crc) return std::nullopt;
  return f;
}

}  // namespace tidegate::smq
