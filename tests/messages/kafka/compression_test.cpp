#define CAF_SUITE compression
#include "messages/kafka/compression.hpp"

#include "tests/messages/kafka/batch_builder.hpp"

#include "caf/test/unit_test.hpp"

#include <random>

using namespace tidegate;
using namespace tidegate::test;
using kafka::compression;
using kafka::decompression_limits;
using kafka::decompression_status;

namespace {

constexpr compression codecs[] = {compression::gzip, compression::snappy, compression::lz4, compression::zstd};

struct outcome {
  decompression_status status;
  byte_buffer bytes;
};

outcome decompress(compression codec, byte_view input, std::size_t cap, std::size_t piece = 1000) {
  decompression_limits limits;
  limits.max_output_bytes = cap;
  auto d = kafka::make_decompressor(codec, input, limits);
  CAF_REQUIRE(d != nullptr);
  outcome out{};
  byte_buffer buffer(piece);
  while (const auto n = d->read(buffer))
    out.bytes.insert(out.bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
  out.status = d->status();
  return out;
}

byte_buffer sample(std::size_t size) {
  byte_buffer out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>((i / 7) * (i % 5));
  return out;
}

}  // namespace

CAF_TEST(every codec gives back what was compressed) {
  for (auto codec : codecs)
    for (std::size_t size : {1UL, 999UL, 1000UL, 1001UL, 200'000UL}) {
      const auto plain = sample(size);
      const auto packed = compress(codec, plain);
      for (std::size_t piece : {1UL, 1000UL, 65536UL}) {
        if (piece == 1 && size > 2000) continue;
        const auto out = decompress(codec, packed, size, piece);
        CAF_CHECK(out.status == decompression_status::ok);
        CAF_CHECK(out.bytes == plain);
      }
    }
}

CAF_TEST(the cap is exact) {
  for (auto codec : codecs) {
    const auto packed = compress(codec, sample(50'000));
    CAF_CHECK(decompress(codec, packed, 50'000).status == decompression_status::ok);
    CAF_CHECK(decompress(codec, packed, 49'999).status == decompression_status::too_large);
    CAF_CHECK(decompress(codec, packed, 0).status == decompression_status::too_large);
  }
}

CAF_TEST(empty input is bad data) {
  for (auto codec : codecs) CAF_CHECK(decompress(codec, {}, 1000).status == decompression_status::bad_data);
}

CAF_TEST(input that ends early is bad data) {
  for (auto codec : codecs) {
    if (codec == compression::snappy) continue;  // its chunks are whole messages: see the next test
    const auto packed = compress(codec, sample(5000));
    for (std::size_t size = 0; size < packed.size(); ++size)
      if (decompress(codec, byte_view{packed}.first(size), 5000).status != decompression_status::bad_data)
        CAF_FAIL("codec " << static_cast<int>(codec) << " accepted " << size << " of " << packed.size());
  }
}

CAF_TEST(snappy takes raw blocks and chunks and refuses lying lengths) {
  const auto plain = sample(5000);
  std::string raw;
  snappy::Compress(as_text(plain).data(), plain.size(), &raw);
  CAF_CHECK(decompress(compression::snappy, as_byte_view(raw), 5000).bytes == plain);
  CAF_CHECK(decompress(compression::snappy, xerial(plain, 100), 5000).bytes == plain);
  auto chunks = xerial(plain, 1000);
  chunks.pop_back();
  CAF_CHECK(decompress(compression::snappy, chunks, 5000).status == decompression_status::bad_data);
  chunks = xerial(plain, 1000);
  chunks[16] = std::byte{0x7f};
  CAF_CHECK(decompress(compression::snappy, chunks, 5000).status == decompression_status::bad_data);
  // A raw block that claims almost 4 GiB.
  CAF_CHECK(decompress(compression::snappy,
                       as_byte_view("\xff\xff\xff\xff\x0f"
                                    "abc"),
                       std::size_t{1} << 40)
                .status == decompression_status::bad_data);
}

CAF_TEST(concatenated frames are one stream) {
  const auto plain = sample(3000);
  auto twice = plain;
  twice.insert(twice.end(), plain.begin(), plain.end());
  for (auto codec : {compression::gzip, compression::lz4, compression::zstd}) {
    auto packed = compress(codec, plain);
    const auto one = packed;
    packed.insert(packed.end(), one.begin(), one.end());
    CAF_CHECK(decompress(codec, packed, 10'000).bytes == twice);
  }
}

CAF_TEST(zstd windows above the limit are refused) {
  byte_buffer packed(1000);
  auto* stream = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(stream, ZSTD_c_windowLog, 24);
  ZSTD_inBuffer in{"abc", 3, 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  ZSTD_compressStream2(stream, &out, &in, ZSTD_e_flush);
  ZSTD_compressStream2(stream, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(stream);
  packed.resize(out.pos);
  CAF_CHECK(decompress(compression::zstd, packed, 1000).status == decompression_status::ok);
  byte_buffer buffer(100);
  auto d = kafka::make_decompressor(compression::zstd, packed, {.max_output_bytes = 1000, .zstd_window_log_max = 20});
  CAF_CHECK_EQUAL(d->read(buffer), 0U);
  CAF_CHECK(d->status() == decompression_status::bad_data);
}

CAF_TEST(mutated input never crashes and never exceeds the cap) {
  std::mt19937 random{20261124};
  for (auto codec : codecs) {
    const auto packed = compress(codec, sample(4000));
    for (int round = 0; round < 3000; ++round) {
      auto bad = packed;
      for (int i = 0; i < 1 + round % 4; ++i) bad[random() % bad.size()] = static_cast<std::byte>(random());
      if (round % 3 == 0) bad.resize(random() % (bad.size() + 1));
      CAF_REQUIRE(decompress(codec, bad, 20'000, 512).bytes.size() <= 20'000);
    }
  }
}
