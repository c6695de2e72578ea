#define CAF_SUITE newest_record
// ListOffsets(MAX_TIMESTAMP): a record that is there, with its own time.
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

CAF_TEST(the newest record above the log start is found also where its file has newer ones below) {
  actors::partition_settings settings;
  settings.segments.max_chunks_per_segment = 4;
  settings.merges.min_sources = settings.merges.max_sources = 1000;
  node_fixture node(settings);
  auto topic = node.create("t");
  for (const auto delta : {900, 100, 500, 500, 200, 300, -1001}) {  // two files; the last record has no time
    auto one = batch_builder::of(1);
    one.records[0].timestamp_delta = delta;
    CAF_CHECK(node.append(topic, shared_bytes(one.build())).error == none);
  }
  struct row {
    std::int64_t log_start, offset, timestamp;
  };
  for (const auto& r : {row{0, 0, 1900}, row{1, 2, 1500}, row{2, 2, 1500}, row{3, 3, 1500}, row{4, 5, 1300},
                        row{5, 5, 1300}, row{6, -1, -1}}) {
    auto trimmed = node.ask_later<msg::trim_result>({not_leader_or_follower, -1}, [&](auto answer) {
      caf::anon_send(node.partitions, msg::trim{topic->name, topic->id, 0, r.log_start, "test", false, answer});
    });
    CAF_CHECK_EQUAL(value_of(std::move(trimmed)).log_start_offset, r.log_start);
    const auto found = node.list(topic, msg::max_timestamp);
    CAF_CHECK(found.error == none);
    CAF_CHECK_EQUAL(found.offset, r.offset);
    CAF_CHECK_EQUAL(found.timestamp, r.timestamp);
  }
}
