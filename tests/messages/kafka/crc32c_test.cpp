#define CAF_SUITE crc32c
#include "messages/kafka/crc32c.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;

CAF_TEST(the check value of the catalogue) {
  CAF_CHECK_EQUAL(kafka::crc32c(as_byte_view("123456789")), 0xe3069283U);
  CAF_CHECK_EQUAL(kafka::crc32c_portable(as_byte_view("123456789")), 0xe3069283U);
  CAF_CHECK_EQUAL(kafka::crc32c({}), 0U);
  CAF_CHECK_EQUAL(kafka::crc32c_portable({}), 0U);
}

CAF_TEST(both ways agree at every length and alignment and in pieces) {
  byte_buffer bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37 + 11);
  for (std::size_t from = 0; from < 9; ++from)
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      const auto part = byte_view{bytes}.subspan(from, size);
      const auto whole = kafka::crc32c(part);
      if (whole != kafka::crc32c_portable(part)) CAF_FAIL("differs at " << from << " + " << size);
      const auto head = part.first(size / 3);
      if (whole != kafka::crc32c(part.subspan(head.size()), kafka::crc32c(head))) CAF_FAIL("pieces differ at " << size);
    }
}
