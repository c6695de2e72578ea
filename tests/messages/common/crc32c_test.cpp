#define CAF_SUITE crc32c
#include "messages/common/crc32c.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;

CAF_TEST(the check vector of the standard) {
  CAF_CHECK_EQUAL(crc32c(as_byte_view("123456789")), 0xe3069283U);
  CAF_CHECK_EQUAL(crc32c_portable(as_byte_view("123456789")), 0xe3069283U);
  CAF_CHECK_EQUAL(crc32c({}), 0U);
}

CAF_TEST(pieces continue each other and both implementations agree at every length and alignment) {
  byte_buffer bytes(200);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37 + 11);
  const byte_view all{bytes};
  bool same = true;
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t count = 0; count + from <= all.size(); ++count) {
      const auto part = all.subspan(from, count);
      const auto whole = crc32c(part);
      same = same && whole == crc32c_portable(part);
      same = same && whole == crc32c(part.subspan(count / 3), crc32c(part.first(count / 3)));
    }
  }
  CAF_CHECK(same);
}
