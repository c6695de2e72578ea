// A request as it comes out of a frame: header, then every API and version that we decode. What decodes is encoded and
// decoded again to the same value, never needs more bytes than came with three for each that is no UTF-8, and is cheap
// for a short request.
#include "messages/common/utf8.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/messages/kafka/all_messages.hpp"

#include <string_view>

using namespace tidegate;
using namespace tidegate::kafka;

namespace {

constexpr std::size_t most_written = 3;  // U+FFFD for a byte

template <class Message>
void check(const shared_bytes& body, std::int16_t version) {
  const auto message = fuzz::within_budget(body.size(), [&] { return decode<Message>(body, version); });
  if (!message) return;
  const shared_bytes again(join(encode(*message, version)));
  fuzz::require(again.size() <= most_written * body.size(), "a message is encoded in more bytes than it came in");
  const auto decoded = decode<Message>(again, version);
  fuzz::require(decoded.has_value(), "what is encoded is decoded");
  fuzz::require(*decoded == *message, "a message survives the round trip");
  if (again.empty()) return;
  const auto cut = again.slice(0, again.size() - 1);
  fuzz::require(!decode<Message>(cut, version), "a message that lacks its last byte is refused");
}

}  // namespace

void fuzz::run(byte_view input) {
  const auto frame = shared_bytes::copy_of(input);
  const auto request = within_budget(input.size(), [&] { return decode_request_header(frame); });
  if (!request) return;
  const auto& header = request->header;
  require(request->body.size() + 8 <= frame.size(), "a body that is larger than its frame");
  require(!header.client_id || header.client_id->size() <= most_written * (frame.size() - 10),
          "a client id that was not sent");
  require(!header.client_id || is_well_formed_utf8(*header.client_id), "a client id that is no UTF-8");
  if (!is_supported(header.api_key, header.api_version)) return require(request->body.empty(), "a body of nothing");
  test::for_each_message([&]<class Message>(std::string_view name) {
    if (Message::api == header.api_key && name.ends_with("_request")) check<Message>(request->body, header.api_version);
  });
}
