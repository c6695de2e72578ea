#define CAF_SUITE mapping_log

#include "smq/mapping_log.hpp"

#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;

result<mapping_log> load(segments_memory_engine& store, std::int64_t now_second = 1'787'419'353) {
  result<mapping_log> loaded{{status::unknown, "no answer", 0}, {}};
  load_mapping_log(store.ports(), now_second, id_of(1), {}, [&](result<mapping_log> r) { loaded = std::move(r); });
  return loaded;
}

void append(segments_memory_engine& store, mapping_log& log, std::int32_t partition,
            const std::vector<mapping_record>& records, std::int64_t now_ns, bool new_leader) {
  auto plan = plan_mappings(log, partition, records, now_ns, 3, new_leader);
  CAF_REQUIRE_EQUAL(plan.covered, records.size());
  auto& at = log.partitions[static_cast<std::size_t>(partition)];
  if (!log.is_stored) store.write(create_mapping_topic(log.topic));
  log.is_stored = true;
  store.put(plan.chunk, {}, [&](const result<chunk_id>& id) {
    const uploaded_append append{plan, id.value};
    store.write(mutations(at, {&append, 1}));
    apply(at, append);
  });
}

}  // namespace

CAF_TEST(a plain message has golden bytes) {
  const auto bytes = encode_messages({{"k", "value", 5, 0}, {"123456789", "", 7, 300}});
  // md5("k") = 8ce4b16b…: negative, so ten bytes; md5("123456789") = 25f9e794…
  CAF_CHECK_EQUAL(as_text(bytes).substr(0, 4), std::string_view("\0\0\0\x17", 4));
  CAF_CHECK_EQUAL(as_text(bytes).substr(4, 2), "\x08\x05");
  CAF_CHECK_EQUAL(as_text(bytes).substr(6, 1), "\x10");
  CAF_CHECK_EQUAL(as_text(bytes).substr(17, 7), "\x1a\x05value");
  CAF_CHECK_EQUAL(as_text(bytes).substr(24, 3), "\x22\x01k");
  const auto rest = as_text(bytes).substr(27);
  CAF_CHECK_EQUAL(rest, std::string_view("\0\0\0\x18\x08\x07\x10\x94\xcf\xe7\xaf\x02\x1a\0\x22\x09" "123456789"
                                         "\x28\xac\x02", 28));
}

CAF_TEST(a new topic is written once and its log goes on after a load) {
  segments_memory_engine store;
  auto log = load(store).value;
  CAF_CHECK(!log.is_stored);
  append(store, log, 2, {{id_of(9), 0, 5, 6, 7, 0, "s"}, {id_of(9), 1, 5, 6, 7, 0, "s"}}, 1000 * second, true);
  append(store, log, 2, {{id_of(9), 0, 6, 6, 7, 0, "s"}}, 1001 * second, false);
  CAF_CHECK_EQUAL(store.entries.count("/topics/kafka-system/offset-mappings/topic.conf"), 1u);
  CAF_CHECK(store.entries.count("/topics/kafka-system/offset-mappings/v2026-08-22-17-22-33/0064-0095/"
                                "1970-01-01-00-59-59.00000000000000000000") == 1);
  auto again = load(store, 0);
  CAF_REQUIRE(again.is_ok());
  CAF_CHECK(again.value.is_stored);
  CAF_CHECK(again.value.topic == log.topic);
  CAF_CHECK(again.value.partitions[2] == log.partitions[2]);
  CAF_CHECK_EQUAL(again.value.partitions[2].next_message_number, 3);
  append(store, again.value, 2, {{id_of(9), 0, 7, 6, 7, 0, "s"}}, 1 * second, true);  // a clock that went back
  CAF_CHECK_EQUAL(again.value.partitions[2].segments.size(), 2u);
  CAF_CHECK_EQUAL(again.value.partitions[2].last_ts_ns, 1001 * second + 2);
  CAF_CHECK(load(store).is_ok());
}

CAF_TEST(a topic that was written in part is written again) {
  segments_memory_engine store;
  auto log = load(store).value;
  const auto unit = create_mapping_topic(log.topic);
  CAF_REQUIRE_EQUAL(unit.size(), 2u);
  store.write({unit[0]});
  CAF_CHECK(!load(store).value.is_stored);
  store.write({unit[1]});
  CAF_CHECK(load(store).value.is_stored);
}

CAF_TEST(a file of the topic takes as many chunks as the engine likes) {
  segments_memory_engine store;
  auto log = load(store).value;
  const append_options two{.max_chunks_per_segment = 2};
  append(store, log, 0, {{id_of(9), 0, 5, 6, 7, 0, "s"}}, second, true);
  const std::vector<mapping_record> next{{id_of(9), 0, 6, 6, 7, 0, "s"}};
  CAF_CHECK(!plan_mappings(log, 0, next, 2 * second, 3, false, two).rolls);
  append(store, log, 0, next, 2 * second, false);
  CAF_CHECK(plan_mappings(log, 0, next, 3 * second, 3, false, two).rolls);
  CAF_CHECK(!plan_mappings(log, 0, next, 3 * second, 3, false).rolls);
}

CAF_TEST(a damaged topic entry is an error) {
  segments_memory_engine store;
  auto log = load(store).value;
  append(store, log, 0, {{id_of(9), 0, 5, 6, 7, 0, "s"}}, second, true);
  store.entries["/topics/kafka-system/offset-mappings/tidegate.topic"].content = "x";
  CAF_CHECK(load(store).what.code == status::refused);
}

CAF_TEST(only whole segments that are old enough or too many are trimmed and never the newest) {
  segments_memory_engine store;
  auto log = load(store).value;
  for (std::int64_t i = 0; i < 4; ++i) append(store, log, 0, {{id_of(9), 0, i, 6, 7, 0, "s"}}, (i + 1) * second, true);
  const auto& at = log.partitions[0];
  CAF_CHECK_EQUAL(mappings_start_after(at, 0, 4), 0);
  CAF_CHECK_EQUAL(mappings_start_after(at, second + 1, 4), 1);
  CAF_CHECK_EQUAL(mappings_start_after(at, 3 * second, 4), 2);
  CAF_CHECK_EQUAL(mappings_start_after(at, 99 * second, 4), 3);
  CAF_CHECK_EQUAL(mappings_start_after(at, 0, 3), 1);  // no file is old: the clock was ahead
  CAF_CHECK_EQUAL(mappings_start_after(at, 3 * second, 3), 2);
  CAF_CHECK_EQUAL(mappings_start_after(at, 0, 0), 3);
  drop_closed_chunks(log.partitions[0]);
  CAF_CHECK(at.segments[2].chunks.empty());
  CAF_CHECK_EQUAL(at.segments[3].chunks.size(), 1u);
}
