#define CAF_SUITE kafka_malformed
#include "messages/kafka/codec.hpp"
#include "messages/kafka/delete_groups.hpp"
#include "messages/kafka/heartbeat.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/list_groups.hpp"
#include "messages/kafka/metadata.hpp"
#include "messages/kafka/wire.hpp"

#include "caf/test/unit_test.hpp"

#include <initializer_list>
#include <stdexcept>

using namespace tidegate;
using namespace tidegate::kafka;

namespace {

shared_bytes bytes_of(std::initializer_list<int> values) {
  byte_buffer result;
  for (int value : values) result.push_back(static_cast<std::byte>(value));
  return shared_bytes(std::move(result));
}

}  // namespace

CAF_TEST(a count of two billion is refused before anything is allocated) {
  CAF_CHECK(!decode<delete_groups_request>(bytes_of({0x7f, 0xff, 0xff, 0xff}), 0));
  CAF_CHECK(!decode<delete_groups_request>(bytes_of({0xff, 0xff, 0xff, 0xff, 0x07, 0}), 2));
}

CAF_TEST(a negative count other than null is refused) {
  CAF_CHECK(!decode<metadata_request>(bytes_of({0xff, 0xff, 0xff, 0xfe}), 1));
  CAF_CHECK(!decode<metadata_request>(bytes_of({0x80, 0, 0, 0}), 1));
}

CAF_TEST(null is taken from the version on that has it and refused before) {
  const auto null_array = bytes_of({0xff, 0xff, 0xff, 0xff});
  CAF_CHECK(!decode<metadata_request>(null_array, 0));
  const auto all_topics = decode<metadata_request>(null_array, 1);
  CAF_REQUIRE(all_topics.has_value());
  CAF_CHECK(!all_topics->topics);
  CAF_CHECK(!decode<heartbeat_request>(bytes_of({0xff, 0xff, 0, 0, 0, 1, 0, 0}), 0));  // null group id
  CAF_CHECK(!decode<delete_groups_request>(bytes_of({0, 0}), 2));                      // null compact array
}

CAF_TEST(null is written as empty in a version that has no null) {
  join_group_response response;
  response.protocol_name.reset();
  const auto decoded = decode<join_group_response>(shared_bytes(join(encode(response, 6))), 6);
  CAF_REQUIRE(decoded.has_value());
  CAF_CHECK(decoded->protocol_name == "");
}

CAF_TEST(unknown tagged fields are skipped by their size) {
  // throttle, error, no tag in v4; then the same with tags 5 (3 bytes) and 200 (none).
  const auto response = decode<heartbeat_response>(bytes_of({0, 0, 0, 9, 0, 27, 2, 5, 3, 1, 2, 3, 0xc8, 1, 0}), 4);
  CAF_REQUIRE(response.has_value());
  CAF_CHECK_EQUAL(response->throttle_time_ms, 9);
  CAF_CHECK(response->error_code == error_code::rebalance_in_progress);
  CAF_CHECK(!decode<heartbeat_response>(bytes_of({0, 0, 0, 9, 0, 27, 1, 5, 4, 1, 2, 3}), 4));
  CAF_CHECK(!decode<heartbeat_response>(bytes_of({0, 0, 0, 9, 0, 27, 0xff, 0xff, 0xff, 0xff, 0x0f}), 4));
}

CAF_TEST(compact lengths around 2 to the 31 are refused and do not wrap) {
  for (int top : {0x07, 0x08}) {
    for (int low : {0xff, 0x80, 0x81}) {
      // 0x7fffffff, 0x80000000, 0x80000001 and their neighbours, as string, array and tagged size
      const auto body = bytes_of({low, 0xff, 0xff, 0xff, top, 'a'});
      CAF_CHECK(!decode<heartbeat_request>(body, 4));
      CAF_CHECK(!decode<delete_groups_request>(body, 2));
    }
    CAF_CHECK(!decode<delete_groups_request>(bytes_of({0x80, 0x80, 0x80, 0x80, top, 'a', 0}), 2));
  }
  CAF_CHECK(!decode<delete_groups_request>(bytes_of({0xff, 0xff, 0xff, 0xff, 0x0f, 0}), 2));
  CAF_CHECK(!decode<delete_groups_request>(bytes_of({0x81, 0x80, 0x80, 0x80, 0x10, 0}), 2));  // 2^32 + 1
  CAF_CHECK(!decode<delete_groups_request>(bytes_of({0x81, 0x80, 0x80, 0x80, 0x80, 0, 0}), 2));
}

CAF_TEST(a message has at most a million elements) {
  const auto groups = [](std::size_t count) {
    delete_groups_request request;
    request.groups_names.resize(count);
    return shared_bytes(join(encode(request, 0)));
  };
  CAF_CHECK(decode<delete_groups_request>(groups(1'000'000), 0).has_value());
  CAF_CHECK(!decode<delete_groups_request>(groups(1'000'001), 0));
}

CAF_TEST(the elements of all arrays of a message count together) {
  metadata_request request;
  request.topics->resize(10);
  const shared_bytes ten(join(encode(request, 1)));
  CAF_CHECK(decode<metadata_request>(ten, 1, 10).has_value());
  CAF_CHECK(!decode<metadata_request>(ten, 1, 9));
  list_groups_request filters;
  filters.states_filter.resize(3);
  filters.types_filter.resize(4);
  const shared_bytes seven(join(encode(filters, 5)));
  CAF_CHECK(decode<list_groups_request>(seven, 5, 7).has_value());
  CAF_CHECK(!decode<list_groups_request>(seven, 5, 6));
}

CAF_TEST(a string over 32767 bytes cannot be encoded or decoded) {
  heartbeat_request request;
  request.group_id.assign(32767, 'g');
  CAF_CHECK(decode<heartbeat_request>(shared_bytes(join(encode(request, 4))), 4) == request);
  request.group_id += 'g';
  for (std::int16_t version : std::initializer_list<std::int16_t>{0, 4}) {
    try {
      encode(request, version);
      CAF_FAIL("encoded in version " << version);
    } catch (const std::length_error&) {
    }
  }
}

CAF_TEST(after the first failure every read yields zero) {
  wire_reader in(bytes_of({1, 2, 3}), false);
  CAF_CHECK_EQUAL(in.integer<std::int32_t>(), 0);
  CAF_CHECK_EQUAL(in.integer<std::int8_t>(), 0);
  CAF_CHECK(in.string_length() == std::size_t{0});
  CAF_CHECK(!in.ok());
}
