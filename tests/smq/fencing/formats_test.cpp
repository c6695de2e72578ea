#define CAF_SUITE fencing_formats
#include "smq/fencing/formats.hpp"

#include "tests/smq/fencing/memory_engine.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back(digits[static_cast<std::uint8_t>(c) >> 4]);
    out.push_back(digits[static_cast<std::uint8_t>(c) & 15]);
  }
  return out;
}

tidegate::uuid ascending() {
  tidegate::uuid id;
  for (std::size_t i = 0; i < 16; ++i) id.bytes[i] = static_cast<std::byte>(i);
  return id;
}

const fence some_fence{ascending(), 2, 0x0102030405060708, id_of(0xff), "ab"};
const member_record some_member{ascending(), -2, 16, {"h:1", ""}};
const view_entry some_view{7, view_state::pending, id_of(0xaa), {some_member, {id_of(3), 4, 1, {}}}};

}  // namespace

CAF_TEST(a fence has these bytes) {
  CAF_CHECK_EQUAL(hex(encode(some_fence)),
                  "01"                                // version
                  "000102030405060708090a0b0c0d0e0f"  // incarnation
                  "00000002"                          // epoch
                  "0102030405060708"                  // seq
                  "ff000000000000000000000000000000"  // transaction id
                  "00026162");                        // previous
}

CAF_TEST(a view has these bytes) {
  CAF_CHECK_EQUAL(hex(encode(some_view)),
                  "01"
                  "0000000000000007"
                  "00"
                  "aa000000000000000000000000000000"
                  "0002"
                  "0020"
                  "01"
                  "000102030405060708090a0b0c0d0e0f"
                  "fffffffe"
                  "0010"
                  "0002"
                  "0003683a31"
                  "0000"
                  "0019"
                  "01"
                  "03000000000000000000000000000000"
                  "00000004"
                  "0001"
                  "0000");
}

CAF_TEST(what was written is read again) {
  CAF_CHECK(decode_fence(encode(some_fence)) == some_fence);
  CAF_CHECK(decode_member(encode(some_member)) == some_member);
  CAF_CHECK(decode_view(encode(some_view)) == some_view);
}

CAF_TEST(bytes that a newer program appended are ignored) {
  CAF_CHECK(decode_fence(encode(some_fence) + "new") == some_fence);
  CAF_CHECK(decode_member(encode(some_member) + "new") == some_member);
  CAF_CHECK(decode_view(encode(some_view) + "new") == some_view);
}

CAF_TEST(every cut content is damaged) {
  for (const auto& whole : {encode(some_fence), encode(some_member), encode(some_view)}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      auto cut = std::string_view{whole}.substr(0, n);
      if (whole == encode(some_fence)) CAF_CHECK(!decode_fence(cut));
      if (whole == encode(some_member)) CAF_CHECK(!decode_member(cut));
      if (whole == encode(some_view)) CAF_CHECK(!decode_view(cut));
    }
  }
}

CAF_TEST(paths and names of ids) {
  CAF_CHECK_EQUAL(fence_path(ascending(), 12), "/topics/.tidegate/nodes/000102030405060708090a0b0c0d0e0f/12");
  CAF_CHECK_EQUAL(view_path(), "/topics/.tidegate/view");
  CAF_CHECK_EQUAL(to_base64url(ascending()), "AAECAwQFBgcICQoLDA0ODw");
  CAF_CHECK_EQUAL(to_base64url(id_of(0xff)), "_wAAAAAAAAAAAAAAAAAAAA");
  auto random = system_uuid_source();
  CAF_CHECK(random() != random());
}
