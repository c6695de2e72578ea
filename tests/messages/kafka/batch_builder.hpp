#pragma once

#include "messages/kafka/compression.hpp"
#include "messages/common/crc32c.hpp"
#include "messages/kafka/record_batch.hpp"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <vector>

namespace tidegate::test {

struct test_record {
  std::string key;
  std::string value;
  std::int64_t timestamp_delta = 0;
  std::int32_t offset_delta = 0;
  int header_count = 0;
};

template <class T>
void put_be(byte_buffer& out, T value) {
  for (std::size_t i = sizeof(T); i > 0; --i)
    out.push_back(static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * (i - 1))) & 0xff));
}

inline void put_varint(byte_buffer& out, std::int64_t value) {
  auto raw = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  for (; raw >= 0x80; raw >>= 7) out.push_back(static_cast<std::byte>((raw & 0x7f) | 0x80));
  out.push_back(static_cast<std::byte>(raw));
}

inline void put_text(byte_buffer& out, std::string_view text) {
  put_varint(out, static_cast<std::int64_t>(text.size()));
  const auto bytes = as_byte_view(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

inline byte_buffer encode_records(const std::vector<test_record>& records) {
  byte_buffer out;
  for (const auto& r : records) {
    byte_buffer body;
    body.push_back(std::byte{0});
    put_varint(body, r.timestamp_delta);
    put_varint(body, r.offset_delta);
    put_text(body, r.key);
    put_text(body, r.value);
    put_varint(body, r.header_count);
    for (int i = 0; i < r.header_count; ++i) {
      put_text(body, "h" + std::to_string(i));
      put_varint(body, -1);
    }
    put_varint(out, static_cast<std::int64_t>(body.size()));
    out.insert(out.end(), body.begin(), body.end());
  }
  return out;
}

inline byte_buffer to_buffer(std::string_view text) {
  const auto v = as_byte_view(text);
  return {v.begin(), v.end()};
}

inline byte_buffer xerial(byte_view plain, std::size_t chunk_size) {
  byte_buffer out = to_buffer(std::string_view("\x82SNAPPY\0", 8));
  put_be(out, std::int32_t{1});
  put_be(out, std::int32_t{1});
  for (std::size_t at = 0; at < plain.size(); at += chunk_size) {
    const auto text = as_text(plain.subspan(at, std::min(chunk_size, plain.size() - at)));
    std::string packed;
    snappy::Compress(text.data(), text.size(), &packed);
    put_be(out, static_cast<std::int32_t>(packed.size()));
    const auto v = as_byte_view(packed);
    out.insert(out.end(), v.begin(), v.end());
  }
  return out;
}

inline byte_buffer compress(kafka::compression codec, byte_view plain) {
  const auto text = as_text(plain);
  switch (codec) {
    case kafka::compression::none:
      break;
    case kafka::compression::gzip: {
      byte_buffer out(plain.size() + 1024);
      z_stream s{};
      deflateInit2(&s, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
      s.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
      s.avail_in = static_cast<uInt>(text.size());
      s.next_out = reinterpret_cast<Bytef*>(out.data());
      s.avail_out = static_cast<uInt>(out.size());
      deflate(&s, Z_FINISH);
      out.resize(s.total_out);
      deflateEnd(&s);
      return out;
    }
    case kafka::compression::snappy:
      return xerial(plain, 32 * 1024);
    case kafka::compression::lz4: {
      LZ4F_preferences_t wanted{};
      wanted.frameInfo.blockMode = LZ4F_blockIndependent;  // as all clients do
      byte_buffer out(LZ4F_compressFrameBound(plain.size(), &wanted));
      out.resize(LZ4F_compressFrame(out.data(), out.size(), plain.data(), plain.size(), &wanted));
      return out;
    }
    case kafka::compression::zstd: {
      byte_buffer out(ZSTD_compressBound(plain.size()));
      out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
      return out;
    }
  }
  return {plain.begin(), plain.end()};
}

/// A batch as a producer sends it; every field can be overridden.
struct batch_builder {
  kafka::batch_header header{.base_timestamp = 1000};
  std::vector<test_record> records{{"k0", "v0", 0, 0}};
  bool sets_count = true;
  bool sets_max_timestamp = true;
  kafka::compression codec = kafka::compression::none;
  byte_buffer raw_records = {};  // when not empty: instead of `records`

  /// `count` records of which each is one millisecond later than the one before.
  static batch_builder of(int count, std::size_t value_size = 2) {
    batch_builder b;
    b.records.clear();
    for (int i = 0; i < count; ++i)
      b.records.push_back(
          {"k" + std::to_string(i), std::string(value_size, static_cast<char>('a' + i % 26)), i, i, i % 3});
    return b;
  }

  [[nodiscard]] byte_buffer build() const {
    auto h = header;
    h.attributes = static_cast<std::int16_t>(h.attributes | static_cast<int>(codec));
    if (sets_count) {
      h.record_count = static_cast<std::int32_t>(records.size());
      h.last_offset_delta = h.record_count - 1;
    }
    if (sets_max_timestamp)
      for (const auto& r : records) h.max_timestamp = std::max(h.max_timestamp, h.base_timestamp + r.timestamp_delta);
    const auto body = compress(codec, raw_records.empty() ? encode_records(records) : raw_records);
    byte_buffer out;
    put_be(out, h.base_offset);
    put_be(out, static_cast<std::int32_t>(body.size() + 49));
    put_be(out, h.leader_epoch);
    put_be(out, h.magic);
    put_be(out, std::uint32_t{0});
    put_be(out, h.attributes);
    put_be(out, h.last_offset_delta);
    put_be(out, h.base_timestamp);
    put_be(out, h.max_timestamp);
    put_be(out, h.producer_id);
    put_be(out, h.producer_epoch);
    put_be(out, h.base_sequence);
    put_be(out, h.record_count);
    out.insert(out.end(), body.begin(), body.end());
    set_crc(out);
    return out;
  }

  static void set_crc(byte_buffer& batch) {
    byte_buffer crc;
    put_be(crc, tidegate::crc32c(byte_view{batch}.subspan(21)));
    std::copy(crc.begin(), crc.end(), batch.begin() + 17);
  }
};

}  // namespace tidegate::test
