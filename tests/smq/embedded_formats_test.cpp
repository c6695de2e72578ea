#define CAF_SUITE embedded_formats
#include "smq/embedded/binary.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/window.hpp"

#include "messages/common/crc32c.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::embedded;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out.push_back("0123456789abcdef"[b >> 4U]);
    out.push_back("0123456789abcdef"[b & 0xFU]);
  }
  return out;
}

}  // namespace

CAF_TEST(the window header has its bytes) {
  window_header header;
  header.store.bytes.fill(std::byte{0xab});
  header.seq = 7;
  header.synced_seq = 6;
  header.mutation_bytes = 300;
  header.chunk_bytes = 65536;
  header.mutation_crc = 0x01020304;
  const auto bytes = encode_header(header);
  CAF_CHECK_EQUAL(hex(bytes.substr(0, 60)),
                  "5447573101000040abababababababababababababababab00000000000000070000000000000006"
                  "000000000000012c000000000001000001020304");
  const auto decoded = decode_header(bytes);
  CAF_REQUIRE(decoded.has_value());
  CAF_CHECK_EQUAL(decoded->seq, 7U);
  CAF_CHECK_EQUAL(decoded->window_bytes(), 64U + 300U + 65536U);
}

CAF_TEST(a header with more fields than we know is read) {
  const auto bytes = encode_header({});
  std::string longer = bytes.substr(0, 60) + "later";
  longer[7] = static_cast<char>(longer.size() + 4);
  put_number(longer, crc32c(as_byte_view(longer)));
  const auto decoded = decode_header(longer);
  CAF_REQUIRE(decoded.has_value());
  CAF_CHECK_EQUAL(decoded->header_bytes, 69U);
}

CAF_TEST(the mutation section and entries have their bytes) {
  const entry e{"/a/b", "xy", {{"k", "v"}}, {{"id", 1, 2, 3}}};
  const auto value = encode_entry(e);
  CAF_CHECK_EQUAL(encoded_bytes(e), value.size());
  CAF_CHECK_EQUAL(hex(value), "01000000027879" "00000001000000026964" "000000000000000100000000000000020000000000000003"
                              "00000001000000016b0000000176");
  CAF_CHECK(decode_entry("/a/b", value) == e);
  CAF_CHECK(decode_entry("/a/b", value + "later fields") == e);
  const auto section = encode_section({{{"id", 5, 9}}, {{"/p", "v"}, {"/q", std::nullopt}}});
  CAF_CHECK_EQUAL(hex(section), "00000001" "000000026964" "0000000000000005" "00000009"
                                "00000002" "01000000022f700000000176" "00000000022f71");
  for (std::size_t cut = 0; cut < value.size(); ++cut) CAF_CHECK(!decode_entry("/a/b", value.substr(0, cut)));
  for (std::size_t cut = 0; cut < section.size(); ++cut) CAF_CHECK(!decode_section(section.substr(0, cut)));
}

CAF_TEST(children of a directory are neighbours) {
  CAF_CHECK_EQUAL(hex(entry_key("/a/b")), hex(std::string_view{"e/a\0b", 5}));
  CAF_CHECK_EQUAL(hex(entry_key("/b")), hex(std::string_view{"e\0b", 3}));
  CAF_CHECK_EQUAL(hex(children_prefix("/")), hex(std::string_view{"e\0", 2}));
}
