#include "messages/kafka/codec.hpp"

namespace tidegate::kafka {

std::optional<request_frame> decode_request_header(const shared_bytes& frame) {
  // client_id has an int16 length even in header v2, hence a reader that is not flexible.
  wire_reader in(frame, false);
  request_frame result;
  auto& header = result.header;
  header.api_key = static_cast<api_key>(in.integer<std::int16_t>());
  header.api_version = in.integer<std::int16_t>();
  header.correlation_id = in.integer<std::int32_t>();
  if (!in.ok()) return std::nullopt;
  const auto length = in.string_length();
  if (length) header.client_id = in.text(*length);
  if (!is_supported(header.api_key, header.api_version)) {
    if (!in.ok()) header.client_id.reset();
    return result;
  }
  if (is_flexible(header.api_key, header.api_version)) {
    const auto count = in.unsigned_varint();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
      in.unsigned_varint();
      in.slice(in.unsigned_varint());
    }
  }
  if (!in.ok()) return std::nullopt;
  result.body = in.slice(in.bytes_left());
  return result;
}

byte_buffer join(const std::vector<shared_bytes>& parts) {
  byte_buffer result;
  for (const auto& part : parts) result.insert(result.end(), part.view().begin(), part.view().end());
  return result;
}

}  // namespace tidegate::kafka
