#include "messages/common/crc32c.hpp"

#include <array>
#include <bit>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tidegate {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78U;  // Castagnoli's, bits reflected

using table_set = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr table_set make_tables() {
  table_set tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ polynomial : crc >> 1U;
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      tables[k][i] = (tables[k - 1][i] >> 8U) ^ tables[0][tables[k - 1][i] & 0xFFU];
    }
  }
  return tables;
}

constexpr table_set tables = make_tables();

std::uint64_t load_little_endian(const std::byte* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

#if defined(__x86_64__)
/// The instruction takes three cycles and can begin every cycle: three runs of the input go side by side.
constexpr std::size_t run_bytes = 1024;

/// Product of two polynomials modulo the checksum's; bit 31 is x^0.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (; a != 0; a <<= 1U, b = (b & 1U) != 0 ? (b >> 1U) ^ polynomial : b >> 1U)
    if ((a & 0x80000000U) != 0) product ^= b;
  return product;
}

using shift_table = std::array<std::array<std::uint32_t, 256>, 4>;

/// What `run_bytes` zero bytes make of each byte of a state.
constexpr shift_table make_shift_table() {
  std::uint32_t factor = 0x00800000U;  // x^8: one byte
  for (auto bytes = run_bytes; bytes > 1; bytes /= 2) factor = multiply(factor, factor);
  shift_table table{};
  for (std::uint32_t k = 0; k < 4; ++k)
    for (std::uint32_t i = 0; i < 256; ++i) table[k][i] = multiply(factor, i << (8 * k));
  return table;
}

static_assert(std::has_single_bit(run_bytes) && run_bytes % 8 == 0);
constexpr shift_table shifts = make_shift_table();

std::uint64_t behind_a_run(std::uint64_t crc) {
  return shifts[0][crc & 0xFFU] ^ shifts[1][(crc >> 8U) & 0xFFU] ^ shifts[2][(crc >> 16U) & 0xFFU] ^
         shifts[3][(crc >> 24U) & 0xFFU];
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(byte_view bytes, std::uint32_t previous) {
  std::uint64_t crc = ~previous;
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3 * run_bytes; left -= 3 * run_bytes, p += 3 * run_bytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < run_bytes; i += 8) {
      crc = _mm_crc32_u64(crc, load_little_endian(p + i));
      second = _mm_crc32_u64(second, load_little_endian(p + i + run_bytes));
      third = _mm_crc32_u64(third, load_little_endian(p + i + 2 * run_bytes));
    }
    crc = behind_a_run(behind_a_run(crc) ^ second) ^ third;
  }
  for (; left >= 8; left -= 8, p += 8) crc = _mm_crc32_u64(crc, load_little_endian(p));
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++p) narrow = _mm_crc32_u8(narrow, std::to_integer<unsigned char>(*p));
  return ~narrow;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(byte_view bytes, std::uint32_t previous) {
  std::uint32_t crc = ~previous;
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    const std::uint64_t word = load_little_endian(p) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= tables[7 - k][(word >> (8 * k)) & 0xFFU];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8U) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*p)) & 0xFFU];
  return ~crc;
}

std::uint32_t crc32c(byte_view bytes, std::uint32_t previous) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (has_sse42) return crc32c_sse42(bytes, previous);
#endif
  return crc32c_portable(bytes, previous);
}

}  // namespace tidegate
