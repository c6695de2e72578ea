#pragma once

#include "messages/common/bytes.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The Kafka wire format. A message is a struct with one `fields` function that names its fields, their versions and
// tags; decoding, encoding, the schema dump and the tests' generators are visitors of that function
// (codec_visitors.hpp). The templates below are instantiated for every message in messages/kafka/instances_*.cpp.
namespace tidegate::kafka {

struct request_header {
  kafka::api_key api_key{};
  std::int16_t api_version = 0;
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;
  friend bool operator==(const request_header&, const request_header&) = default;
};

struct request_frame {
  request_header header;
  shared_bytes body;  // a slice of the frame; empty when the version is not supported
};

/// Reads the header of `frame`, a request without its length prefix. For an API or version that we do not decode, only
/// the first eight bytes have to be right, so that the caller can still answer UNSUPPORTED_VERSION.
/// Errors: nullopt when the header is cut short or malformed.
/// Source: RequestHeader v1 and v2; client_id is the old nullable string in both.
std::optional<request_frame> decode_request_header(const shared_bytes& frame);

/// Decodes a whole message body; `records` in the result are slices of `body`, nothing of them is copied.
/// Bytes behind the message are ignored, as Kafka ignores them: librdkafka 2.0 sends some behind ListGroups v4 and
/// OffsetFetch v7.
/// Errors: nullopt for an unsupported version and for any malformed body: cut short, null where the version has none,
/// lengths beyond the body, more than `max_elements` elements of all arrays together, a text of more than 32767 bytes
/// once it is UTF-8.
template <class Message>
std::optional<Message> decode(shared_bytes body, std::int16_t version,
                              std::uint64_t max_elements = wire_reader::default_max_elements);

/// Encodes a message body as parts to be written one after the other; `records` are parts of their own, not copied.
/// Fields that the version lacks are left out; null where the version has none is written as empty.
/// Errors: throws std::length_error for a string over 32767 bytes (a programming error: none can come off the wire).
template <class Message>
std::vector<shared_bytes> encode(const Message& message, std::int16_t version);

/// A complete response frame: length prefix, response header, body.
/// An ApiVersions response always has header v0: the client does not know yet what we speak (KIP-511).
template <class Message>
std::vector<shared_bytes> encode_response(api_key key, std::int16_t version, std::int32_t correlation_id,
                                          const Message& message);

/// The parts in one buffer.
byte_buffer join(const std::vector<shared_bytes>& parts);

}  // namespace tidegate::kafka
