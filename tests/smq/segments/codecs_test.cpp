#define CAF_SUITE segments_codecs
#include "smq/segments/frame.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

std::string hex(byte_view bytes) {
  std::string text;
  for (auto b : bytes) {
    text += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    text += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

byte_buffer joined(const std::vector<shared_bytes>& parts) {
  byte_buffer all;
  for (const auto& p : parts) all.insert(all.end(), p.view().begin(), p.view().end());
  return all;
}

planned_batch example(std::int64_t base_offset = 100, std::int64_t message_number = 7) {
  return {make_batch(base_offset, 5, 3, 1'700'000'000'000, 4),
          base_offset,
          5,
          3,
          1'700'000'000'000'000'001,
          message_number,
          1'700'000'000'000};
}

const uuid topic_id = id_of(0x10);

}  // namespace

CAF_TEST(a frame has golden bytes) {
  auto bytes = encode_frame({topic_id, 3, 0x0102030405060708}, example().batch.view());
  CAF_CHECK_EQUAL(hex(bytes).substr(0, 72),
                  "54474231"
                  "01"
                  "01"
                  "0000"
                  "101112131415161718191a1b1c1d1e1f"
                  "00000003"
                  "0102030405060708");
  auto covered = joined({shared_bytes::copy_of(byte_view{bytes}.first(36)), example().batch.slice(0, 21)});
  CAF_CHECK_EQUAL(be_reader{byte_view{bytes}.subspan(36)}.get<std::uint32_t>(), crc32c(covered));
}

CAF_TEST(a frame with any changed or missing byte is refused) {
  auto batch = example().batch;
  frame f{topic_id, 3, 42};
  auto bytes = joined({shared_bytes::copy_of(encode_frame(f, batch.view())), batch.slice(0, 21)});
  CAF_CHECK(decode_frame(bytes) == f);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= std::byte{0x40};
    CAF_CHECK(!decode_frame(changed));
    CAF_CHECK(!decode_frame(byte_view{bytes}.first(i)));
  }
}

CAF_TEST(the key hash is the start of the MD5) {
  // md5("123456789") = 25f9e794323b453885f5181f1b624d0b
  CAF_CHECK_EQUAL(partition_key_hash(as_byte_view("123456789")), 0x25f9e794);
  // md5("hello") = 5d41402a…, md5("") = d41d8cd9…: negative
  CAF_CHECK_EQUAL(partition_key_hash(as_byte_view("")), static_cast<std::int32_t>(0xd41d8cd9));
}

CAF_TEST(a message is what protobuf makes of its fields) {
  auto b = example();
  auto bytes = joined(encode_log_entries(topic_id, 3, {b}));
  auto text = hex(bytes);
  auto data_bytes = frame::size + b.batch.size();
  CAF_REQUIRE_EQUAL(data_bytes, 105u);
  auto hash = partition_key_hash(message_key(100, 5));
  auto key = std::string{"000000000000006400000005"};
  // ts_ns 1700000000000000001 as a varint, then the hash, data, key and offset.
  CAF_CHECK_EQUAL(text.substr(8, 20), "088180a8b1e39fe7cb17");
  CAF_CHECK_EQUAL(text.substr(28, 2), "10");
  CAF_CHECK_EQUAL(text.substr(text.size() - 32), "220c" + key + "2807");
  auto head_bytes = bytes.size() - b.batch.size() - 16;
  CAF_CHECK_EQUAL(hex(byte_view{bytes}.subspan(head_bytes - frame::size - 2, 2)), "1a69");
  CAF_CHECK_EQUAL(be_reader{bytes}.get<std::uint32_t>(), bytes.size() - 4);
  CAF_CHECK(hash != 0);
}

CAF_TEST(a batch is stored without a copy) {
  auto b = example();
  auto parts = encode_log_entries(topic_id, 3, {b, example(103, 8)});
  CAF_REQUIRE_EQUAL(parts.size(), 5u);
  CAF_CHECK(parts[1].data() == b.batch.data());
}

CAF_TEST(a message comes back as it was written) {
  auto b = example();
  auto bytes = joined(encode_log_entries(topic_id, 3, {b, example(103, 8)}));
  auto entry = decode_log_entry(bytes, topic_id, 3);
  CAF_REQUIRE(entry.has_value());
  CAF_CHECK_EQUAL(entry->base_offset, 100);
  CAF_CHECK_EQUAL(entry->next_offset, 103);
  CAF_CHECK_EQUAL(entry->ts_ns, b.ts_ns);
  CAF_CHECK_EQUAL(entry->message_number, 7);
  CAF_CHECK_EQUAL(entry->leader_epoch, 5);
  CAF_CHECK_EQUAL(entry->max_timestamp, b.max_timestamp);
  CAF_CHECK(std::ranges::equal(byte_view{bytes}.subspan(entry->batch_position, entry->batch_bytes), b.batch.view()));
  auto head = peek_log_entry(byte_view{bytes}.first(log_entry_head_bytes), topic_id, 3);
  CAF_REQUIRE(head.has_value());
  CAF_CHECK_EQUAL(head->base_offset, 100);
  CAF_CHECK_EQUAL(head->stored_bytes, entry->stored_bytes);
  CAF_CHECK(!decode_log_entry(bytes, topic_id, 4));
  CAF_CHECK(!decode_log_entry(bytes, id_of(0x11), 3));
}

CAF_TEST(a message that is cut off is refused at every length) {
  auto bytes = joined(encode_log_entries(topic_id, 3, {example()}));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAF_CHECK(!decode_log_entry(byte_view{bytes}.first(i), topic_id, 3));
    (void)peek_log_entry(byte_view{bytes}.first(i), topic_id, 3);
  }
}

CAF_TEST(a message with one flipped bit is refused or says the same) {
  auto bytes = joined(encode_log_entries(topic_id, 3, {example()}));
  auto right = decode_log_entry(bytes, topic_id, 3);
  CAF_CHECK(rc::check("one flipped bit", [&] {
    auto position = *rc::gen::inRange<std::size_t>(0, bytes.size());
    auto changed = bytes;
    changed[position] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
    auto entry = decode_log_entry(changed, topic_id, 3);
    // The hash and the message number are SMQ's, not ours: nothing that is served depends on them.
    if (entry) {
      RC_ASSERT(entry->base_offset == right->base_offset && entry->next_offset == right->next_offset);
      RC_ASSERT(std::ranges::equal(byte_view{changed}.subspan(entry->batch_position, entry->batch_bytes),
                                   example().batch.view()));
    }
  }));
}

CAF_TEST(random bytes never decode) {
  CAF_CHECK(rc::check("random bytes", [] {
    auto text = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    RC_ASSERT(!decode_log_entry(as_byte_view(text), topic_id, 3));
    RC_ASSERT(!peek_log_entry(as_byte_view(text), topic_id, 3));
    RC_ASSERT(!decode_frame(as_byte_view(text)));
    (void)decode_partition_entry(text);
    (void)decode_segment_attributes({{"tg.seg", text}, {"offset_min", text}, {"offset_max", text}});
  }));
}

CAF_TEST(segment attributes have golden bytes) {
  segment_attributes a{1, 2, 3, 4, 5, 6, topic_id, 7, 8, 9, 10};
  auto stored = encode_segment_attributes(a);
  CAF_CHECK_EQUAL(hex(as_byte_view(stored["tg.seg"])),
                  "02"
                  "0000000000000001"
                  "0000000000000002"
                  "0000000000000003"
                  "0000000000000004"
                  "0000000000000005"
                  "00000006"
                  "101112131415161718191a1b1c1d1e1f"
                  "00000007"
                  "000000000000000a"
                  "7230ef19");
  CAF_CHECK_EQUAL(hex(as_byte_view(stored["buffer_start"])), "0000000000000008");
  CAF_CHECK_EQUAL(hex(as_byte_view(stored["offset_min"])), "0000000000000008");
  CAF_CHECK_EQUAL(hex(as_byte_view(stored["offset_max"])), "0000000000000009");
  CAF_CHECK(decode_segment_attributes(stored) == a);
  auto newer = stored;
  newer["tg.seg"] += "more";
  CAF_CHECK(decode_segment_attributes(newer) == a);
  for (std::size_t i = 0; i < stored["tg.seg"].size(); ++i) {
    auto cut = stored;
    cut["tg.seg"].resize(i);
    CAF_CHECK(!decode_segment_attributes(cut));
  }
  for (const auto* name : {"tg.seg", "offset_min", "offset_max"}) {
    auto flipped = stored;
    flipped[name].back() ^= 1;
    CAF_CHECK(!decode_segment_attributes(flipped));
  }
}

CAF_TEST(segment attributes of version 1 are read) {
  segment_attributes a{1, 2, 3, 4, 5, 6, topic_id, 7, 8, 9, std::nullopt};
  auto stored = encode_segment_attributes(a);
  stored["tg.seg"].resize(stored["tg.seg"].size() - 12);
  stored["tg.seg"][0] = 1;
  CAF_CHECK(decode_segment_attributes(stored) == a);
}

CAF_TEST(the partition entry has golden bytes) {
  partition_entry e{topic_id, 3, 1, 2, 4, 5, {{6, 7}}, {{8, 9, 10}}, 11, {std::byte{0xab}}, {{12, 13}, {12, 14}}};
  auto content = encode_partition_entry(e);
  CAF_CHECK_EQUAL(hex(as_byte_view(content)),
                  "02"
                  "101112131415161718191a1b1c1d1e1f"
                  "00000003"
                  "0000000000000001"
                  "0000000000000002"
                  "0000000000000004"
                  "0000000000000005"
                  "00000001"
                  "00000006"
                  "0000000000000007"
                  "00000001"
                  "0000000000000008"
                  "0000000000000009"
                  "0000000a"
                  "000000000000000b"
                  "00000001"
                  "ab"
                  "0002"
                  "000000000000000c"
                  "000000000000000d"
                  "000000000000000c"
                  "000000000000000e"
                  "6a41edc9");
  CAF_CHECK(decode_partition_entry(content) == e);
  CAF_CHECK(decode_partition_entry(content + "newer") == e);
  for (std::size_t i = 0; i < content.size(); ++i) {
    CAF_CHECK(!decode_partition_entry(content.substr(0, i)));
    auto flipped = content;
    flipped[i] ^= 16;
    CAF_CHECK(!decode_partition_entry(flipped));
  }
  auto older = content.substr(0, content.size() - 38);
  older[0] = 1;
  auto expected = e;
  expected.marks.clear();
  CAF_CHECK(decode_partition_entry(older) == expected);
}
