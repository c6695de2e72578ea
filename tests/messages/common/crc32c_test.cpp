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

CAF_TEST(both agree around every length at which long inputs are cut) {
  byte_buffer bytes(10'000);
  std::uint32_t noise = 1;
  for (auto& b : bytes) b = static_cast<std::byte>((noise = noise * 1664525 + 1013904223) >> 24U);
  const byte_view all{bytes};
  bool same = true;
  for (std::size_t count = 3 * 1024 - 9; count < all.size() - 7; count += count % 1024 < 1014 ? 503 : 1)
    for (std::size_t from = 0; from < 3; ++from) {
      const auto part = all.subspan(from, count);
      same = same && crc32c(part, noise) == crc32c_portable(part, noise);
    }
  CAF_CHECK(same);
}
