#define CAF_SUITE crc32c
#include "messages/common/crc32c.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;

namespace {

/// Bit by bit, as RFC 3720 has it.
std::uint32_t reference(byte_view bytes, std::uint32_t previous = 0) {
  auto crc = ~previous;
  for (const auto b : bytes) {
    crc ^= std::to_integer<std::uint32_t>(b);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x82F63B78U : crc >> 1U;
  }
  return ~crc;
}

}  // namespace

CAF_TEST(the check vector of the standard) {
  CAF_CHECK_EQUAL(crc32c(as_byte_view("123456789")), 0xe3069283U);
  CAF_CHECK_EQUAL(reference(as_byte_view("123456789")), 0xe3069283U);
  CAF_CHECK_EQUAL(crc32c({}), 0U);
}

CAF_TEST(pieces continue each other and every length and alignment is right) {
  byte_buffer bytes(200);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37 + 11);
  const byte_view all{bytes};
  bool same = true;
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t count = 0; count + from <= all.size(); ++count) {
      const auto part = all.subspan(from, count);
      const auto whole = crc32c(part);
      same = same && whole == reference(part);
      same = same && whole == crc32c(part.subspan(count / 3), crc32c(part.first(count / 3)));
    }
  }
  CAF_CHECK(same);
}

CAF_TEST(long inputs are right where the library may cut them) {
  byte_buffer bytes(10'000);
  std::uint32_t noise = 1;
  for (auto& b : bytes) b = static_cast<std::byte>((noise = noise * 1664525 + 1013904223) >> 24U);
  const byte_view all{bytes};
  bool same = true;
  for (std::size_t count = 1000; count < all.size() - 7; count += count % 1024 < 1014 ? 503 : 1)
    for (std::size_t from = 0; from < 3; ++from) {
      const auto part = all.subspan(from, count);
      same = same && crc32c(part, noise) == reference(part, noise);
    }
  CAF_CHECK(same);
}
