#define CAF_SUITE compression
#include "messages/kafka/compression.hpp"

#include "tests/messages/kafka/batch_builder.hpp"

#include "caf/test/unit_test.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
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

constexpr std::size_t most_heap = 1U << 20U;

std::size_t heap_in_use() {
  const auto now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

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

/// The most heap that it has at any time, C libraries included; 0 where a sanitizer owns the heap.
std::size_t heap_for(compression codec, byte_view input) {
  std::array<std::byte, 1000> buffer;
  std::size_t most = 0;
  const auto before = heap_in_use();
  auto d = kafka::make_decompressor(codec, input, {});
  do {
    most = std::max(most, heap_in_use() - std::min(heap_in_use(), before));
  } while (d->read(buffer) > 0);
  return std::max(most, heap_in_use() - std::min(heap_in_use(), before));
}

byte_buffer noise(std::size_t size) {
  std::mt19937 random{20261126};
  byte_buffer out(size);
  for (auto& b : out) b = static_cast<std::byte>(random());
  return out;
}

/// As Java's clients do: the header cannot say how much there is, and the window is that of the level.
byte_buffer streamed_zstd(byte_view plain, int window_log) {
  byte_buffer packed(ZSTD_compressBound(plain.size()) + 1000);
  auto* stream = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(stream, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(stream, ZSTD_c_enableLongDistanceMatching, window_log > 20 ? 1 : 0);
  ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1);
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  for (const auto end : {ZSTD_e_flush, ZSTD_e_end}) {
    std::size_t left = 1;
    while (left != 0) {
      left = ZSTD_compressStream2(stream, &out, &in, end);
      CAF_REQUIRE(!ZSTD_isError(left));
    }
  }
  ZSTD_freeCCtx(stream);
  packed.resize(out.pos);
  return packed;
}

/// `extras`: checksums and the content's size.
byte_buffer framed_lz4(byte_view plain, LZ4F_blockSizeID_t id, unsigned extras,
                       LZ4F_blockMode_t mode = LZ4F_blockIndependent, unsigned dictionary = 0) {
  LZ4F_preferences_t wanted{};
  wanted.frameInfo.blockSizeID = id;
  wanted.frameInfo.blockMode = mode;
  wanted.frameInfo.dictID = dictionary;
  wanted.frameInfo.contentChecksumFlag = (extras & 1U) != 0 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
  wanted.frameInfo.blockChecksumFlag = (extras & 2U) != 0 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
  wanted.frameInfo.contentSize = (extras & 4U) != 0 ? plain.size() : 0;
  LZ4F_cctx* context = nullptr;
  LZ4F_createCompressionContext(&context, LZ4F_VERSION);
  byte_buffer out(LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(plain.size(), &wanted));
  auto size = LZ4F_compressBegin(context, out.data(), out.size(), &wanted);
  size += LZ4F_compressUpdate(context, out.data() + size, out.size() - size, plain.data(), plain.size(), nullptr);
  size += LZ4F_compressEnd(context, out.data() + size, out.size() - size, nullptr);
  LZ4F_freeCompressionContext(context);
  out.resize(size);
  return out;
}

byte_buffer concat(byte_buffer a, byte_view b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A frame that decompressors skip.
byte_buffer skippable(byte_view bytes) {
  byte_buffer out{std::byte{0x53}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18}};
  for (const unsigned shift : {0U, 8U, 16U, 24U}) out.push_back(static_cast<std::byte>(bytes.size() >> shift));
  return concat(out, bytes);
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
  for (auto codec : {compression::gzip, compression::zstd}) {
    auto packed = compress(codec, plain);
    const auto one = packed;
    packed.insert(packed.end(), one.begin(), one.end());
    CAF_CHECK(decompress(codec, packed, 10'000).bytes == twice);
  }
}

CAF_TEST(a zstd window that the frame cannot need is not made room for) {
  for (const int window_log : {10, 17, 21, 27}) {
    for (const std::size_t size : {3UL, 100UL, 1000UL, 100'000UL, 300'000UL}) {
      const auto plain = sample(size);
      const auto packed = streamed_zstd(plain, window_log);
      const auto out = decompress(compression::zstd, packed, size);
      CAF_CHECK(out.status == decompression_status::ok);
      CAF_CHECK(out.bytes == plain);
      if (packed.size() < 1024) CAF_CHECK(heap_for(compression::zstd, packed) <= most_heap);
    }
  }
  byte_buffer buffer(100);
  const auto packed = streamed_zstd(noise(300'000), 24);
  auto d = kafka::make_decompressor(compression::zstd, packed, {.max_output_bytes = 1 << 20, .zstd_window_log_max = 16});
  CAF_CHECK_EQUAL(d->read(buffer), 0U);
  CAF_CHECK(d->status() == decompression_status::bad_data);
}

CAF_TEST(a zstd window that the frame needs is there) {
  auto plain = noise(5'000'000);
  plain.insert(plain.end(), plain.begin(), plain.end());  // matches from 5 MB ago
  auto packed = streamed_zstd(plain, 23);
  CAF_CHECK(packed.size() < 6'000'000);
  CAF_CHECK(decompress(compression::zstd, packed, plain.size(), 65536).bytes == plain);
  const auto small = sample(70'000);  // and other frames in the same batch
  for (const auto& more : {streamed_zstd(small, 27), skippable(packed), compress(compression::zstd, small)})
    packed.insert(packed.end(), more.begin(), more.end());
  const auto out = decompress(compression::zstd, packed, plain.size() + 2 * small.size(), 65536);
  CAF_CHECK(out.status == decompression_status::ok);
  CAF_CHECK_EQUAL(out.bytes.size(), plain.size() + 2 * small.size());
}

CAF_TEST(equal bytes in zstd are read but for a tiny batch that needs a large window) {
  const auto read = [](std::size_t bytes, bool is_tiny) {
    const byte_buffer zeros(bytes);
    const auto packed = streamed_zstd(zeros, 21);
    CAF_CHECK_EQUAL(packed.size() < 1024, is_tiny);
    return decompress(compression::zstd, packed, bytes, 65536).status;
  };
  CAF_CHECK(read(400'000, true) == decompression_status::ok);
  CAF_CHECK(read(1'000'000, true) == decompression_status::too_large);
  CAF_CHECK(read(64U << 20U, false) == decompression_status::ok);
}

CAF_TEST(a little zstd that wants much memory gets none) {
  // 255 blocks of 128 KiB zeros: 32 MiB that later blocks may refer to.
  byte_buffer packed{std::byte{0x28}, std::byte{0xB5}, std::byte{0x2F}, std::byte{0xFD}, std::byte{0}, std::byte{17 << 3}};
  for (int i = 0; i < 240; ++i) {
    const auto block = 131072U << 3U | 1U << 1U | (i == 239 ? 1U : 0U);
    for (const unsigned shift : {0U, 8U, 16U}) packed.push_back(static_cast<std::byte>(block >> shift));
    packed.push_back(std::byte{0});
  }
  CAF_CHECK(packed.size() < 1024);
  auto out = decompress(compression::zstd, packed, std::size_t{1} << 30);
  CAF_CHECK(out.status == decompression_status::too_large);
  CAF_CHECK(heap_for(compression::zstd, packed) <= most_heap);
  // The same as one segment, and one that says more than it holds.
  byte_buffer lies{std::byte{0x28}, std::byte{0xB5}, std::byte{0x2F}, std::byte{0xFD}, std::byte{0xA0}};
  for (const unsigned shift : {0U, 8U, 16U, 24U}) lies.push_back(static_cast<std::byte>((128U << 20U) >> shift));
  for (const unsigned byte : {0x19U, 0U, 0U, 'a' + 0U, 'b' + 0U, 'c' + 0U}) lies.push_back(static_cast<std::byte>(byte));
  out = decompress(compression::zstd, lies, std::size_t{1} << 30);
  CAF_CHECK(out.status == decompression_status::bad_data);
  CAF_CHECK(heap_for(compression::zstd, lies) <= most_heap);
}

CAF_TEST(lz4 blocks get room for what they can hold) {
  for (const auto id : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max1MB, LZ4F_max4MB}) {
    for (const unsigned extras : {0U, 7U}) {
      for (const std::size_t size : {1UL, 200UL, 70'000UL, 300'000UL, 5'000'000UL}) {
        const auto plain = extras == 0 ? sample(size) : byte_buffer(size, std::byte{'x'});
        auto packed = framed_lz4(plain, id, extras);
        const auto out = decompress(compression::lz4, packed, size, 65536);
        CAF_CHECK(out.status == decompression_status::ok);
        CAF_CHECK(out.bytes == plain);
        if (packed.size() < 1024) CAF_CHECK(heap_for(compression::lz4, packed) <= most_heap);
        packed[5] ^= std::byte{0x10};  // its checksum does not say so
        CAF_CHECK(decompress(compression::lz4, packed, size, 65536).status == decompression_status::bad_data);
      }
    }
  }
}

CAF_TEST(lz4 that clients in Java cannot read is bad data) {
  const auto plain = sample(200'000);
  const auto good = framed_lz4(plain, LZ4F_max64KB, 0);
  CAF_REQUIRE(decompress(compression::lz4, good, 500'000).status == decompression_status::ok);
  const byte_buffer end(4, std::byte{0});
  const auto with_block = [&](byte_view block) {  // instead of the end mark, and then that
    const auto blocks = concat({good.begin(), good.end() - 4}, block);
    return concat(blocks, end);
  };
  const auto empty_plain = to_buffer(std::string_view("\0\0\0\x80", 4));
  const auto empty_compressed = to_buffer(std::string_view("\1\0\0\0\0", 5));
  const auto one_byte = to_buffer(std::string_view("\1\0\0\x80x", 5));
  CAF_CHECK(decompress(compression::lz4, with_block(one_byte), 500'000).status == decompression_status::ok);
  struct row {
    const char* what;
    byte_buffer packed;
  };
  const row rows[] = {
    {"linked blocks", framed_lz4(plain, LZ4F_max64KB, 0, LZ4F_blockLinked)},
    {"a dictionary", framed_lz4(plain, LZ4F_max64KB, 0, LZ4F_blockIndependent, 7)},
    {"two frames", concat(good, good)},
    {"a frame without records behind it", concat(good, framed_lz4({}, LZ4F_max64KB, 0))},
    {"a skippable frame behind it", concat(good, skippable(plain))},
    {"a skippable frame before it", concat(skippable(plain), good)},
    {"a byte behind it", concat(good, byte_view{end}.first(1))},
    {"an empty block that is plain", with_block(empty_plain)},
    {"an empty block that is compressed", with_block(empty_compressed)},
  };
  for (const auto& r : rows)
    if (decompress(compression::lz4, r.packed, 500'000).status != decompression_status::bad_data) CAF_FAIL(r.what);
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
