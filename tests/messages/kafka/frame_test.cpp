#define CAF_SUITE kafka_frame
#include "messages/kafka/api_versions.hpp"
#include "messages/kafka/codec.hpp"
#include "messages/kafka/fetch.hpp"
#include "messages/kafka/heartbeat.hpp"
#include "messages/kafka/list_offsets.hpp"
#include "messages/kafka/produce.hpp"

#include "caf/test/unit_test.hpp"

#include <string>

using namespace tidegate;
using namespace tidegate::kafka;
using namespace std::string_literals;

namespace {

shared_bytes bytes_of(std::string_view text) { return shared_bytes::copy_of(as_byte_view(text)); }

std::string text_of(const std::vector<shared_bytes>& parts) { return std::string(as_text(join(parts))); }

}  // namespace

CAF_TEST(a heartbeat request of version 3 with its header) {
  const auto frame = bytes_of("\0\x0c\0\3\0\0\0\7\0\2me\0\1g\0\0\0\5\0\1m\xff\xff"s);
  const auto request = decode_request_header(frame);
  CAF_REQUIRE(request.has_value());
  CAF_CHECK((request->header == request_header{api_key::heartbeat, 3, 7, "me"}));
  const auto heartbeat = decode<heartbeat_request>(request->body, 3);
  CAF_CHECK((heartbeat == heartbeat_request{"g", 5, "m", std::nullopt}));
  CAF_CHECK(text_of(encode(*heartbeat, 3)) == as_text(request->body.view()));
}

CAF_TEST(a flexible request header has tagged fields but an old client id) {
  const auto request = decode_request_header(bytes_of("\0\x0c\0\4\0\0\0\7\xff\xff\1\4\2xx\2g\0\0\0\5\2m\0\0"s));
  CAF_REQUIRE(request.has_value());
  CAF_CHECK((request->header == request_header{api_key::heartbeat, 4, 7, std::nullopt}));
  CAF_CHECK((decode<heartbeat_request>(request->body, 4) == heartbeat_request{"g", 5, "m", std::nullopt}));
}

CAF_TEST(every cut request header is refused) {
  const auto frame = bytes_of("\0\x0c\0\4\0\0\0\7\0\2me\1\4\2xx"s);
  for (std::size_t size = 0; size < frame.size(); ++size) {
    CAF_CHECK(!decode_request_header(shared_bytes::copy_of(frame.view().first(size))));
  }
  CAF_CHECK(decode_request_header(frame).has_value());
}

CAF_TEST(an ApiVersions version from the future still has a header to answer to) {
  const auto request = decode_request_header(bytes_of("\0\x12\0\x63\0\0\0\7\0\2me\0garbage"s));
  CAF_REQUIRE(request.has_value());
  CAF_CHECK((request->header == request_header{api_key::api_versions, 99, 7, "me"}));
  CAF_CHECK(!is_supported(request->header.api_key, request->header.api_version));
  CAF_CHECK(request->body.empty());
  CAF_CHECK(decode_request_header(bytes_of("\3\xe7\0\0\0\0\0\7"s)).has_value());
}

CAF_TEST(an ApiVersions response never has a flexible header) {
  api_versions_response response;
  response.api_keys = {{18, 0, 4}};
  const auto frame = encode_response(api_key::api_versions, 3, 7, response);
  CAF_CHECK(text_of(frame) == "\0\0\0\x13\0\0\0\7\0\0\2\0\x12\0\0\0\4\0\0\0\0\0\0"s);
  const auto old_frame = encode_response(api_key::api_versions, 0, 7, response);
  CAF_CHECK(text_of(old_frame) == "\0\0\0\x10\0\0\0\7\0\0\0\0\0\1\0\x12\0\0\0\4"s);
}

CAF_TEST(a flexible response has a flexible header) {
  const auto frame = encode_response(api_key::heartbeat, 4, 7, heartbeat_response{9, error_code::none});
  CAF_CHECK(text_of(frame) == "\0\0\0\x0c\0\0\0\7\0\0\0\0\x09\0\0\0"s);
}

CAF_TEST(tagged fields are written in order and only when they differ from the default) {
  api_versions_response response;
  response.finalized_features_epoch = 5;
  response.zk_migration_ready = true;
  CAF_CHECK(text_of(encode(response, 3)) == "\0\0\1\0\0\0\0\2\1\x08\0\0\0\0\0\0\0\5\3\1\1"s);
}

CAF_TEST(records are slices of the request and parts of the response) {
  produce_request request;
  request.topic_data.push_back({"t", {}, {{0, bytes_of("batch")}}});
  const auto body = shared_bytes(join(encode(request, 9)));
  const auto decoded = decode<produce_request>(body, 9);
  CAF_REQUIRE(decoded.has_value());
  const auto& records = *decoded->topic_data.at(0).partition_data.at(0).records;
  CAF_CHECK(as_text(records.view()) == "batch");
  CAF_CHECK(records.data() > body.data() && records.data() < body.data() + body.size());

  fetch_response response;
  fetch_response::partition_data partition;
  partition.records = {records, records};
  response.responses.push_back({"t", {}, {partition}});
  const auto parts = encode_response(api_key::fetch, 12, 1, response);
  CAF_REQUIRE_EQUAL(parts.size(), 4u);
  CAF_CHECK(parts[1].data() == records.data() && parts[2].data() == records.data());
  const auto text = text_of(parts);
  CAF_CHECK(text.find("\x0b"
                      "batchbatch") != std::string::npos);
  const auto prefix = static_cast<unsigned char>(text[3]);
  CAF_CHECK_EQUAL(prefix + 4u, text.size());
}

CAF_TEST(ListOffsets 0 asks for and answers lists of offsets) {
  list_offsets_request request;
  request.replica_id = -1;
  request.topics.push_back({"t", {{0, -1, -2, 1}}});
  CAF_CHECK(text_of(encode(request, 0)) ==
            "\xff\xff\xff\xff\0\0\0\1\0\1t\0\0\0\1\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\1"s);
  list_offsets_response response;
  response.topics.push_back({"t", {{0, error_code::none, {42}, -1, -1, -1}}});
  CAF_CHECK(text_of(encode(response, 0)) == "\0\0\0\1\0\1t\0\0\0\1\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x2a"s);
}
