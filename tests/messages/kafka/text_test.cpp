#define CAF_SUITE kafka_text
#include "messages/kafka/codec.hpp"
#include "messages/kafka/fetch.hpp"
#include "messages/kafka/heartbeat.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/produce.hpp"
#include "messages/kafka/wire.hpp"

#include "caf/test/unit_test.hpp"

#include <initializer_list>
#include <optional>
#include <string>

using namespace tidegate;
using namespace tidegate::kafka;
using namespace std::string_literals;

namespace {

constexpr std::initializer_list<std::int16_t> old_and_flexible = {3, 4};  // of Heartbeat

const std::string cafe = "caf\xE9";
const std::string replaced_cafe = "caf\xEF\xBF\xBD";

shared_bytes bytes_of(std::string_view text) { return shared_bytes::copy_of(as_byte_view(text)); }

std::optional<heartbeat_request> sent_with_group(const std::string& group, std::int16_t version) {
  heartbeat_request request;
  request.group_id = group;
  return decode<heartbeat_request>(shared_bytes(join(encode(request, version))), version);
}

/// Heartbeat, or a version of it that is not supported.
std::optional<request_frame> sent_by(const std::string& client, char version) {
  const auto size = client.size();
  auto frame = "\0\x0c\0"s + version + "\0\0\0\7"s + static_cast<char>(size >> 8U) + static_cast<char>(size) + client;
  if (version == 4) frame += '\0';  // no tagged fields
  return decode_request_header(bytes_of(frame));
}

}  // namespace

CAF_TEST(a client id that is no UTF8 is read as Java reads it) {
  for (const char version : {'\3', '\4', '\x63'}) {
    const auto request = sent_by(cafe, version);
    CAF_REQUIRE(request.has_value());
    CAF_CHECK(request->header.client_id == replaced_cafe);
    CAF_CHECK(sent_by("caf\xC3\xA9", version)->header.client_id == "caf\xC3\xA9");
  }
}

CAF_TEST(strings of every kind are read as Java reads them) {
  for (const auto version : old_and_flexible) {
    const heartbeat_request request{cafe, 5, "\xED\xA0\x80|\xE2\x82", "\xC0\x80"};
    const auto decoded = decode<heartbeat_request>(shared_bytes(join(encode(request, version))), version);
    const heartbeat_request expected{replaced_cafe, 5, "\xEF\xBF\xBD|\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"};
    CAF_CHECK(decoded == expected);
  }
}

CAF_TEST(bytes are not text) {
  for (const std::int16_t version : std::initializer_list<std::int16_t>{5, 9}) {
    join_group_request request;
    request.protocols.push_back({cafe, byte_buffer(3, std::byte{0xE9})});
    const auto decoded = decode<join_group_request>(shared_bytes(join(encode(request, version))), version);
    CAF_REQUIRE(decoded.has_value());
    CAF_CHECK_EQUAL(decoded->protocols.at(0).name, replaced_cafe);
    CAF_CHECK(decoded->protocols.at(0).metadata == request.protocols[0].metadata);

    produce_request produce;
    produce.topic_data.push_back({cafe, {}, {{0, bytes_of(cafe)}}});
    const auto records = decode<produce_request>(shared_bytes(join(encode(produce, version))), version);
    CAF_REQUIRE(records.has_value());
    CAF_CHECK_EQUAL(records->topic_data.at(0).name, replaced_cafe);
    CAF_CHECK(as_text(records->topic_data.at(0).partition_data.at(0).records->view()) == cafe);
  }
}

CAF_TEST(a string that is too long once it is UTF8 is malformed) {
  for (const auto version : old_and_flexible) {
    const std::string largest(longest_string / 3, '\xE9');
    CAF_REQUIRE_EQUAL(largest.size() * 3 + 1, longest_string);
    const auto decoded = sent_with_group(largest + "g", version);
    CAF_REQUIRE(decoded.has_value());
    CAF_CHECK_EQUAL(decoded->group_id.size(), longest_string);
    CAF_CHECK(decode<heartbeat_request>(shared_bytes(join(encode(*decoded, version))), version) == decoded);
    CAF_CHECK(!sent_with_group(largest + "gg", version));
    CAF_CHECK(!sent_with_group(largest + "\xE9", version));
    CAF_CHECK(!sent_with_group(std::string(longest_string, '\xE9'), version));
    CAF_CHECK(sent_with_group(std::string(longest_string, 'g'), version).has_value());
  }
}

CAF_TEST(a client id that is too long once it is UTF8 is malformed and dropped where the version is not known) {
  const std::string client(longest_string / 3 + 1, '\xE9');
  for (const char version : {'\3', '\4'}) CAF_CHECK(!sent_by(client, version));
  const auto request = sent_by(client, '\x63');
  CAF_REQUIRE(request.has_value());
  CAF_CHECK(!request->header.client_id);
}

CAF_TEST(after a string that is too long every read yields zero) {
  const std::string sent(longest_string / 3 + 1, '\xE9');
  wire_reader in(bytes_of(sent + "\1\1\1\1"), false);
  CAF_CHECK_EQUAL(in.text(sent.size()), "");
  CAF_CHECK(!in.ok());
  CAF_CHECK_EQUAL(in.integer<std::int32_t>(), 0);
}
