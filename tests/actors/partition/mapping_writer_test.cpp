#define CAF_SUITE mapping_writer
// The topic kafka-system/offset-mappings, read back as a native program would, without our decoders of messages.
#include "actors/partition/mapping_writer_state.hpp"
#include "smq/mappings.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/partition_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

const std::string topic_directory = "/topics/kafka-system/offset-mappings";

struct native_message {
  std::int64_t ts_ns = 0;
  std::int32_t hash = 0;
  std::string data;
  std::string key;
  std::int64_t offset = 0;
};

std::uint64_t varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    CAF_REQUIRE(!in.empty());
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

/// [4-byte big-endian length][protobuf LogEntry] …
std::vector<native_message> messages_of(std::string_view in) {
  std::vector<native_message> all;
  while (!in.empty()) {
    CAF_REQUIRE(in.size() >= 4);
    std::size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(in[static_cast<std::size_t>(i)]);
    CAF_REQUIRE(in.size() >= 4 + size);
    auto message = in.substr(4, size);
    in.remove_prefix(4 + size);
    native_message m;
    while (!message.empty()) {
      const auto tag = varint(message);
      const auto value = varint(message);
      if (tag == 0x1a || tag == 0x22) {
        CAF_REQUIRE(message.size() >= value);
        (tag == 0x1a ? m.data : m.key) = message.substr(0, value);
        message.remove_prefix(value);
      } else if (tag == 0x08) {
        m.ts_ns = static_cast<std::int64_t>(value);
      } else if (tag == 0x10) {
        m.hash = static_cast<std::int32_t>(value);
      } else {
        CAF_REQUIRE_EQUAL(tag, 0x28u);
        m.offset = static_cast<std::int64_t>(value);
      }
    }
    all.push_back(std::move(m));
  }
  return all;
}

struct mapping_topic {
  std::vector<std::vector<smq::mapping_record>> records{4};  // per partition, in order
  std::size_t segments = 0;
  std::int64_t next_number = 0;  // the largest of the four
};

/// Reads everything and checks that it is a well-formed SMQ topic.
mapping_topic read_topic(node_fixture& node) {
  mapping_topic topic;
  const smq::testing::blocking port{node.engine->ports()};
  const auto conf = port.get(topic_directory + "/topic.conf");
  if (!conf.is_ok()) return topic;
  const auto at = conf.value.content.find("\"unixTimeNs\": \"");
  CAF_REQUIRE(at != std::string::npos);
  const auto created = std::atoll(conf.value.content.c_str() + at + 15) / 1'000'000'000;
  for (int p = 0; p < 4; ++p) {
    const auto files = port.list(smq::partition_directory("offset-mappings", created, p, "kafka-system"));
    CAF_REQUIRE(files.is_ok());
    std::int64_t next = -1;
    std::int64_t last_ts = 0;
    for (const auto& file : files.value.entries) {
      if (file.path.ends_with("/tidegate.offset")) continue;
      ++topic.segments;
      const auto attributes = smq::decode_segment_attributes(file.attributes);
      CAF_REQUIRE(attributes.has_value());
      if (next < 0) next = attributes->first_message_number;
      CAF_CHECK_EQUAL(attributes->first_message_number, next);
      for (const auto& chunk : file.chunks) {
        const auto bytes = port.get_chunk(chunk.id, 0, chunk.size);
        CAF_REQUIRE(bytes.is_ok());
        for (const auto& m : messages_of(as_text(bytes.value.view()))) {
          CAF_CHECK_EQUAL(m.offset, next++);
          CAF_CHECK(m.ts_ns > last_ts);
          last_ts = m.ts_ns;
          const auto record = smq::decode_mapping(m.data);
          CAF_REQUIRE(record.has_value());
          CAF_CHECK(m.key == smq::mapping_key(record->topic_id, record->partition));
          CAF_CHECK_EQUAL(m.hash, smq::partition_key_hash(as_byte_view(m.key)));
          CAF_CHECK_EQUAL(smq::mapping_partition(record->topic_id, record->partition), p);
          topic.records[static_cast<std::size_t>(p)].push_back(*record);
        }
      }
      CAF_CHECK_EQUAL(attributes->last_message_number, next - 1);
      CAF_CHECK_EQUAL(attributes->last_ts_ns, last_ts);
    }
    topic.next_number = std::max(topic.next_number, next);
  }
  return topic;
}

std::optional<smq::mapping_record> newest_of(const mapping_topic& topic, const uuid& id, std::int32_t partition) {
  std::optional<smq::mapping_record> newest;
  for (const auto& r : topic.records[static_cast<std::size_t>(smq::mapping_partition(id, partition))])
    if (r.topic_id == id && r.partition == partition) newest = r;
  return newest;
}

smq::mapping_record record_of(std::int32_t partition, std::int64_t next_offset) {
  return {uuid{}, partition, next_offset, 7, 1, 0, "a-segment"};
}

/// A writer beside the registry, as in a node. Partitions report to whichever runs.
actors::mapping_settings timed(std::chrono::milliseconds linger, std::chrono::milliseconds retention) {
  actors::mapping_settings settings;
  settings.linger = linger;
  settings.retention = retention;
  return settings;
}

class node_with_writer {
 public:
  explicit node_with_writer(actors::mapping_settings settings = timed(1h, 1h))
    : settings_(settings), node(partitions_that_report()) {
    spawn();
  }
  ~node_with_writer() { kill(); }

  void close() {
    node.close_cleanly(node.partitions);
    node.close_cleanly(take());
  }

  void restart() {
    kill();
    node.restart();
    spawn();
  }

  void report(const smq::mapping_record& record) { to_->send(record); }
  [[nodiscard]] int reports() const { return to_->count; }

 private:
  struct target {
    std::mutex mutex;
    actors::mapping_writer_actor writer;
    std::atomic<int> count{0};

    void send(const smq::mapping_record& record) {
      ++count;
      std::lock_guard lock(mutex);
      if (writer) caf::anon_send(writer, msg::mapping_report{record});
    }
  };

  actors::partition_settings partitions_that_report() {
    actors::partition_settings settings;
    settings.on_mapping = [to = to_](const smq::mapping_record& record) { to->send(record); };
    return settings;
  }
  void spawn() {
    std::lock_guard lock(to_->mutex);
    to_->writer = actors::spawn_mapping_writer(*node.system, node.store, settings_);
  }
  actors::mapping_writer_actor take() {
    std::lock_guard lock(to_->mutex);
    return std::exchange(to_->writer, {});
  }
  void kill() {
    if (auto writer = take()) caf::anon_send_exit(writer, caf::exit_reason::kill);
  }

  std::shared_ptr<target> to_ = std::make_shared<target>();
  actors::mapping_settings settings_;

 public:
  node_fixture node;
};

}  // namespace

CAF_TEST(the newest record of every partition agrees with its entry and its segments over restarts) {
  node_with_writer one;
  auto& node = one.node;
  const std::vector<std::pair<std::string, std::int32_t>> topics{{"a", 7}, {"b", 3}};
  for (const auto& [name, partitions] : topics) node.create(name, partitions);
  for (int life = 1; life <= 3; ++life) {
    for (const auto& [name, partitions] : topics)
      for (std::int32_t p = 0; p < partitions; ++p)
        for (int i = 0; i < 3; ++i) CAF_CHECK(node.append(node.find(name), batch_of(0, 1 + p), p).error == none);
    std::vector<actors::topic_ptr> known{node.find("a"), node.find("b")};
    one.close();
    const auto stored = read_topic(node);
    for (const auto& topic : known)
      for (std::int32_t p = 0; p < topic->partitions; ++p) {
        const smq::testing::blocking now{node.engine->ports()};
        const auto found = now.get(topic->directory_of(p) + "/tidegate.offset");
        const auto entry = smq::decode_partition_entry(found.value.content);
        const auto record = newest_of(stored, topic->id, p);
        CAF_REQUIRE(entry && record);
        CAF_CHECK_EQUAL(record->next_offset, 3 * life * (1 + p));
        CAF_CHECK_EQUAL(record->next_offset, entry->next_offset);
        CAF_CHECK_EQUAL(record->ts_ns, entry->last_ts_ns);
        CAF_CHECK_EQUAL(record->leader_epoch, entry->epochs.back().epoch);
        CAF_CHECK_EQUAL(record->log_start, entry->log_start);
        const auto file = now.get(topic->directory_of(p) + "/" + record->segment);
        CAF_REQUIRE(file.is_ok());
        const auto attributes = smq::decode_segment_attributes(file.value.attributes);
        CAF_CHECK_EQUAL(attributes->next_offset, record->next_offset);
        CAF_CHECK_EQUAL(attributes->last_ts_ns, record->ts_ns);
      }
    one.restart();
  }
}

CAF_TEST(native programs find the topic and Kafka clients do not) {
  node_with_writer one;
  one.report(record_of(0, 5));
  one.close();
  const smq::testing::blocking port{one.node.engine->ports()};
  const auto conf = port.get(topic_directory + "/topic.conf");
  CAF_REQUIRE(conf.is_ok());
  for (const auto* part : {"\"ringSize\": 4096", "\"rangeStart\": 96", "\"rangeStop\": 127"})
    CAF_CHECK(conf.value.content.find(part) != std::string::npos);
  CAF_CHECK(conf.value.content.find("\"rangeStart\": 128") == std::string::npos);
  auto found = one.node.ask_topic([&](auto answer) {
    caf::anon_send(one.node.topics, msg::find_topic{"offset-mappings", {}, false, answer});
  });
  CAF_CHECK(found.topic == nullptr);
  CAF_CHECK(found.error == unknown_topic_or_partition);
}

CAF_TEST(a partition reports once a minute and with its clean end) {
  node_with_writer one;
  auto topic = one.node.create("t");
  for (int i = 0; i < 30; ++i) CAF_CHECK_EQUAL(one.node.append(topic, batch_of(i)).base_offset, i);
  CAF_CHECK_EQUAL(one.reports(), 1);
  one.close();
  CAF_CHECK_EQUAL(one.reports(), 2);
  CAF_CHECK(newest_of(read_topic(one.node), topic->id, 0)->next_offset == 30);
}

CAF_TEST(of the reports that wait the newest is written and its number is bounded) {
  auto settings = timed(1h, 1h);
  settings.max_waiting = 3;
  node_with_writer one(settings);
  for (int i = 0; i < 10; ++i)
    for (std::int32_t p = 0; p < 5; ++p) one.report(record_of(p, i));
  one.close();
  const auto stored = read_topic(one.node);
  std::size_t count = 0;
  for (const auto& records : stored.records) count += records.size();
  CAF_CHECK_EQUAL(count, 3u);
  for (std::int32_t p = 0; p < 3; ++p) CAF_CHECK(newest_of(stored, uuid{}, p)->next_offset == 9);
}

CAF_TEST(segments that are older than the retention go and numbers are not given out again) {
  node_with_writer one(timed(1h, 0ms));
  for (int life = 0; life < 4; ++life) {
    one.report(record_of(0, life));
    one.close();
    const auto stored = read_topic(one.node);
    CAF_CHECK_EQUAL(stored.segments, 1u);
    CAF_CHECK_EQUAL(stored.next_number, life + 1);
    CAF_CHECK(newest_of(stored, uuid{}, 0)->next_offset == life);
    one.restart();
  }
}

CAF_TEST(no more than some segments stay however young they are) {
  auto settings = timed(1h, 1h);
  settings.max_files = 2;
  node_with_writer one(settings);
  for (int life = 0; life < 5; ++life) {  // a segment each
    one.report(record_of(0, life));
    one.close();
    CAF_CHECK_EQUAL(read_topic(one.node).segments, life == 0 ? 1u : 2u);
    one.restart();
  }
}

CAF_TEST(a failing store loses records and nothing else) {
  for (auto f : {fault::refused, fault::lost, fault::prefix_but_unknown, fault::applied_but_unknown, fault::partial}) {
    node_with_writer one(timed(1ms, 1h));
    one.report(record_of(0, 1));
    one.node.ports->script({f, f, f, f});
    std::int64_t next = 2;
    CAF_CHECK(soon_true([&] {
      one.report(record_of(0, next++));
      one.report(record_of(1, next++));
      return newest_of(read_topic(one.node), uuid{}, 0) && newest_of(read_topic(one.node), uuid{}, 1);
    }));
    one.node.ports->put_refuses = 1;
    one.node.ports->reads_fail = 1;
    one.report(record_of(2, next));
    CAF_CHECK(soon_true([&] {
      one.report(record_of(3, next++));
      return newest_of(read_topic(one.node), uuid{}, 3).has_value();
    }));
    CAF_CHECK(f != fault::refused || !one.node.ports->released().empty());
    CAF_CHECK_EQUAL(one.node.released_by_mistake(one.node.ports->released()), 0u);
    one.close();
    read_topic(one.node);
    one.restart();
    one.report(record_of(4, 1));
    one.close();
    CAF_CHECK(newest_of(read_topic(one.node), uuid{}, 4)->next_offset == 1);
  }
}
