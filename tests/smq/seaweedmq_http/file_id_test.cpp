#define CAF_SUITE file_id
#include "smq/seaweedmq/http/file_id.hpp"

#include "smq/seaweedmq/http/http_message.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate::smq::seaweedmq;

CAF_TEST(file ids are written as SeaweedFS writes them) {
  CAF_CHECK_EQUAL(to_string({4, 0x04, 0x11583fb8}), "4,0411583fb8");
  CAF_CHECK_EQUAL(to_string({12, 0x1234, 0x5}), "12,123400000005");
  CAF_CHECK_EQUAL(to_string({1, 0x123, 0xffffffff}), "1,0123ffffffff");
  CAF_CHECK_EQUAL(to_string({0xffffffff, 0xffffffffffffffff, 0}), "4294967295,ffffffffffffffff00000000");
}

CAF_TEST(every file id is read as it was written) {
  CAF_CHECK(rc::check("round trip", [](std::uint32_t volume, std::uint64_t key, std::uint32_t cookie) {
    const auto shift = *rc::gen::inRange(0, 64);  // short keys as well
    const file_id id{volume, (key >> shift) | 1U, cookie};
    const auto text = to_string(id);
    RC_ASSERT(parse_file_id(text) == id);
    RC_ASSERT((text.size() - text.find(',') - 1) % 2 == 0U);
    RC_ASSERT(text.substr(text.find(',') + 1, 2) != "00");
  }));
}

CAF_TEST(what is no file id is not read as one) {
  for (const auto* text : {"", ",", "4", "4,", "4,11583fb8", "4,0011583fb8", "x,0411583fb8", "4,0411583fb8_3",
                           "4,0411583fb8 ", " 4,0411583fb8", "-4,0411583fb8", "4294967296,0411583fb8",
                           "4,04zz583fb8", "4,0411583fbz", "4,1ffffffffffffffff00000000", "4,04,11583fb8"})
    if (parse_file_id(text)) CAF_ERROR("taken for a file id: " << text);
}

CAF_TEST(addresses that could end a header line are none) {
  for (const auto* good : {"127.0.0.1:8080", "volume-1.example_x:1", "[::1]:65535", "[fe80::1%eth0]:80"})
    if (!is_server(good)) CAF_ERROR("refused: " << good);
  for (const auto* bad : {"", ":80", "a", "a:", "a:0", "a:65536", "a:80x", "a b:80", "a\r\nX: y:80", "[]:80", "[::1:80",
                          "::1:80", "http://a:80", "a/b:80"})
    if (is_server(bad)) CAF_ERROR("taken: " << bad);
  CAF_CHECK(is_plain("/4,0411583fb8?fsync=true"));
  CAF_CHECK(!is_plain("a\r\nb") && !is_plain("a b") && !is_plain("\x80"));
}

CAF_TEST(content ranges) {
  const auto some = parse_content_range("bytes 3-5/10");
  CAF_REQUIRE(some.has_value());
  CAF_CHECK(some->position == 3U && some->length == 3U && some->total == 10U);
  const auto none = parse_content_range("bytes */10");
  CAF_REQUIRE(none.has_value());
  CAF_CHECK(!none->position && none->total == 10U);
  for (const auto* bad : {"", "bytes", "bytes 3-5/*", "bytes 5-3/10", "bytes 3-10/10", "bytes 3-5/10 ", "items 3-5/10",
                          "bytes -5/10", "bytes 0-18446744073709551615/10", "bytes 99999999999999999999-5/1"})
    if (parse_content_range(bad)) CAF_ERROR("taken: " << bad);
}
