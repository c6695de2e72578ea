// Writes the inputs that fuzzing starts from, made from real messages: fuzz_seeds FOLDER makes FOLDER/<target>/<name>.
#include "actors/core/producer_state.hpp"
#include "actors/settings/options.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/index_codec.hpp"
#include "smq/fencing/formats.hpp"
#include "smq/mappings.hpp"
#include "smq/positions/group_entry.hpp"
#include "smq/positions/position_json.hpp"
#include "smq/positions/positions.hpp"
#include "smq/segments/frame.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/partition_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"
#include "smq/topics/topic_info.hpp"
#include "tests/messages/kafka/all_messages.hpp"
#include "tests/messages/kafka/batch_builder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace tidegate;
using namespace tidegate::smq;
using namespace std::string_literals;

namespace {

std::filesystem::path root;

void write(const std::string& target, std::string name, const std::string& bytes) {
  std::replace(name.begin(), name.end(), ' ', '-');
  std::filesystem::create_directories(root / target);
  std::ofstream(root / target / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string text_of(const byte_buffer& bytes) { return std::string(as_text(bytes)); }

/// A request frame without its length: header (client id "c", no tagged fields) and body.
std::string frame_of(kafka::api_key key, std::int16_t version, const std::string& body) {
  byte_buffer head;
  test::put_be(head, static_cast<std::int16_t>(key));
  test::put_be(head, version);
  test::put_be(head, std::int32_t{7});
  test::put_be(head, std::int16_t{1});
  return text_of(head) + "c" + (kafka::is_flexible(key, version) ? "\0"s : ""s) + body;
}

void requests() {
  kafka::test::for_each_version([]<class Message>(const std::string& what, std::int16_t version) {
    if (what.find("_request") == std::string::npos) return;
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      const auto message = kafka::test::random_message<Message>(seed, version);
      const auto frame = frame_of(Message::api, version, text_of(kafka::join(kafka::encode(message, version))));
      write("request", what + " " + std::to_string(seed), frame);
      byte_buffer length;
      test::put_be(length, static_cast<std::int32_t>(frame.size()));
      // Limit 5000, two pieces of 10 and 4 bytes, no tail.
      if (version == 0)
        write("frame", what + " " + std::to_string(seed), "\2\1\0\x09\0\3\0\0\0"s + text_of(length) + frame);
    }
  });
  write("request", "unknown", "\x7f\x7f\0\1\0\0\0\7\xff\xff"s);
  // A frame of 70000 bytes and one of 16 MiB that is cut; both get buffers of their own.
  write("frame", "large", "\3\0\x20\0\xff\0z"s + "\0\1\x11\x70"s + "start");
  write("frame", "cut", "\4\0\xff\0\xff\0z"s + "\1\0\0\0"s + "start");
}

void batches() {
  for (std::uint8_t codec = 0; codec <= kafka::last_compression; ++codec) {
    auto builder = test::batch_builder::of(5, 20);
    builder.codec = static_cast<kafka::compression>(codec);
    write("record_batch", "codec " + std::to_string(codec), "\0"s + text_of(builder.build()));
    for (auto& record : builder.records) record.timestamp_delta = std::min<std::int64_t>(record.timestamp_delta, 2);
    write("record_batch", "high " + std::to_string(codec), "\x10"s + text_of(builder.build()));
    builder.header.producer_id = 1000;
    builder.header.producer_epoch = 0;
    builder.header.base_sequence = 5;
    builder.header.attributes = 8;
    write("record_batch", "idempotent " + std::to_string(codec), "\x08"s + text_of(builder.build()));
  }
}

void segments() {
  const auto batch = shared_bytes(test::batch_builder::of(3, 4).build());
  const auto head = encode_frame({{}, 0, 42}, batch.view());
  write("stored_segments", "frame", "\x80"s + std::string(as_text(head)) + std::string(as_text(batch.view())));
  const auto entry = kafka::join(encode_log_entries({}, 0, {{batch, 0, -1, 3, 1'700'000'000'000'000'001, 7, 1002}}));
  write("stored_segments", "log entry", "\x81"s + text_of(entry));
  const segment_attributes a{1, 2, 3, 4, 5, 6, {}, 7, 8, 9, 10};
  auto stored = encode_segment_attributes(a);
  stored["tg.seg"].resize(stored["tg.seg"].size() - 4);
  write("stored_segments", "attributes", "\x82"s + stored["offset_min"] + stored["offset_max"] + stored["tg.seg"]);
  const partition_entry p{{}, 3, 1, 2, 4, 5, {{6, 7}}, {{8, 9, 10}}, 11, {std::byte{0xab}}, {{12, 13}, {12, 14}}};
  const auto partition = encode_partition_entry(p);
  write("stored_segments", "partition entry", "\x83"s + partition.substr(0, partition.size() - 4));
  write("stored_segments", "partition entry and CRC", "\x03"s + partition);
  write("stored_segments", "name", "\x04"s + segment_name(1'787'419'353, 42));
  write("stored_segments", "mapping", "\x05"s + encode_mapping({{}, 2, 100, 1787419353000000000, 6, 10, "segment"}));
  core::producer_state producers;
  producers.apply({1000, 0, 0, 3}, 0, 1);
  producers.apply({1000, 0, 3, 2}, 3, 2);
  producers.apply({1001, 4, 0, 1}, 5, 3);
  write("stored_segments", "producers", "\x06"s + text_of(producers.encode()));
}

group_metadata group() {
  group_metadata g{"g1", false, true, 3, "consumer", "range", "m1", {}, {{{}, "t", {0, 2}}}, -1};
  g.members["m1"] = {"m1", "i1", "c", "/h", 10000, 60000, {{"range", {std::byte{1}}}}, {std::byte{2}}};
  g.members["m2"] = {"m2", std::nullopt, "c", "/h", 10000, 60000, {{"range", {}}, {"sticky", {}}}, {}};
  return g;
}

void entries() {
  const auto add = [](const std::string& name, int format, const std::string& bytes) {
    write("stored_entries", name, static_cast<char>(format) + bytes);
  };
  const member_record member{{}, -2, 16, {"h:1", ""}};
  add("fence", 0, encode(fence{{}, 2, 7, {}, "ab"}));
  add("member", 1, encode(member));
  add("view", 2, encode(view_entry{7, view_state::pending, {}, {member, member}}));
  add("name", 3, encode_name_record({topic_state::deleting, {}, 1'787'419'353, {}, "orders"}));
  add("topic", 4, encode_topic_entry({"orders", {}, 3, {{"retention.ms", "7"}, {"a", ""}}, 1'787'419'353}).value());
  add("group", 5, encode_group_entry(group()).value());
  const auto position = encode_position_attribute({1, 2, 3, {}, {}, 4, "metadata"}).value();
  add("position", 0x86, position.substr(0, position.size() - 4));
  add("json", 7, write_position_json({1'787'419'353'000'000'001, 1'787'419'353'000, "m\"\\\n\xc3\xa9\xff"}));
  add("json by others", 7,
      R"({"value": -1, "new": {"a": [1.5e3, true, null, "\u00e9\ud83d\ude00"]}, "metadata":"\/\t"})");
  add("entry", 8, embedded::encode_entry({"/a/b", "xy", {{"k", "v"}}, {{"id", 1, 2, 3}, {"id2", 4, 5, 6}}}));
  embedded::window_header header;
  header.mutation_bytes = 300;
  const auto window = embedded::encode_header(header);
  add("window", 9, window);
  add("section", 10, embedded::encode_section({{{"id", 5, 9}}, {{"/p", "v"}, {"/q", std::nullopt}}}));
  add("place", 11, embedded::encode_place({1, 2, 3, 4}));
  add("replay", 12, embedded::encode_position({1, 2, 3}));
  add("names", 13, "a group/\0\xff .."s);
  add("long name", 13, std::string(70, '/'));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  root = argv[1];
  requests();
  batches();
  segments();
  entries();
  write("configs", "defaults", "\x17kafka.num.partitions=4"s + "\n" + actors::options_as_toml({}));
  write("configs", "quoted", "\x0e" R"(data_dir=a"b\c)" "log.level = \"debug\"\n");
  write("configs", "some", "\x0b[::1]:65535"s + "[limits]\nworker_threads = 1\n[smq]\nengine = \"embedded\"\n");
  return 0;
}
