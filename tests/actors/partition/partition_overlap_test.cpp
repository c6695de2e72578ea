#define CAF_SUITE partition_overlap
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

constexpr std::size_t at_once = 4;

/// A node whose partitions put chunks while entries are written, with record 0 stored.
struct overlapping {
  node_fixture node;
  actors::topic_ptr topic = node.create("t");

  explicit overlapping(std::size_t overlap_bytes = 0)
    : node([overlap_bytes] {
        actors::partition_settings settings;
        settings.appends_at_once = at_once;
        settings.overlap_bytes = overlap_bytes;
        return settings;
      }()) {
    CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  }

  std::future<msg::append_result> append_later(int value) {
    return node.append_to(node.partitions, topic, batch_of(value));
  }
  std::vector<std::future<msg::append_result>> append_later(int from, int to) {
    std::vector<std::future<msg::append_result>> all;
    for (int i = from; i < to; ++i) all.push_back(append_later(i));
    return all;
  }
  /// Everything sent so far has reached the offset actor.
  void settle(std::int64_t latest) { CAF_CHECK_EQUAL(node.list(topic, msg::latest_timestamp).offset, latest); }
};

void check_stored(std::vector<std::future<msg::append_result>> answers, std::int64_t from) {
  for (auto& answer : answers) {
    const auto result = value_of(std::move(answer));
    CAF_CHECK(result.error == none);
    CAF_CHECK_EQUAL(result.base_offset, from++);
  }
}

void check_all(std::vector<std::future<msg::append_result>> answers, error_code error) {
  for (auto& answer : answers) CAF_CHECK(value_of(std::move(answer)).error == error);
}

}  // namespace

CAF_TEST(chunks are put while an entry is written and then stored together) {
  overlapping o;
  o.node.ports->script({fault::held});
  auto first = o.append_later(1);
  CAF_REQUIRE(soon_true([&] { return o.node.ports->held_count() == 1; }));
  const auto puts = o.node.ports->puts.load();
  auto more = o.append_later(2, 10);
  o.settle(1);
  // One is written, so three more have a chunk; the rest waits for the next one.
  CAF_CHECK_EQUAL(o.node.ports->puts.load() - puts, 3);
  o.node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(first)).base_offset, 1);
  check_stored(std::move(more), 2);
  CAF_CHECK(o.node.read_all(o.topic) == numbers(10));
  CAF_CHECK_EQUAL(o.node.ports->puts.load() - puts, 4);
  CAF_CHECK(o.node.ports->released().empty());
}

CAF_TEST(few bytes wait for the append before them and enough of them do not) {
  overlapping o{3 * batch_of(0).size()};
  o.node.ports->script({fault::held});
  std::vector<std::future<msg::append_result>> answers;
  answers.push_back(o.append_later(1));
  CAF_REQUIRE(soon_true([&] { return o.node.ports->held_count() == 1; }));
  const auto puts = o.node.ports->puts.load();
  for (int i = 2; i < 4; ++i) answers.push_back(o.append_later(i));
  o.settle(1);
  CAF_CHECK_EQUAL(o.node.ports->puts.load() - puts, 0);
  answers.push_back(o.append_later(4));
  answers.push_back(o.append_later(5));
  o.settle(1);
  CAF_CHECK_EQUAL(o.node.ports->puts.load() - puts, 1);  // of three batches; the last waits
  o.node.ports->release();
  check_stored(std::move(answers), 1);
  CAF_CHECK(o.node.read_all(o.topic) == numbers(6));
  CAF_CHECK_EQUAL(o.node.ports->puts.load() - puts, 2);
}

CAF_TEST(a chunk that is put late holds back those behind it) {
  overlapping o;
  o.node.ports->puts_stall = 1;
  auto slow = o.append_later(1);
  CAF_REQUIRE(soon_true([&] { return o.node.ports->held_count() == 1; }));
  auto more = o.append_later(2, 4);
  o.settle(1);
  o.settle(1);  // behind the completions of their uploads
  o.node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(slow)).base_offset, 1);
  check_stored(std::move(more), 2);
  CAF_CHECK(o.node.read_all(o.topic) == numbers(4));
}

CAF_TEST(a refused upload takes those behind it with it and nothing in front) {
  overlapping o;
  o.node.ports->script({fault::held});
  auto first = o.append_later(1);
  CAF_REQUIRE(soon_true([&] { return o.node.ports->held_count() == 1; }));
  o.node.ports->put_refuses = 1;
  auto more = o.append_later(2, 8);
  o.settle(1);
  o.node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(first)).base_offset, 1);
  check_all(std::move(more), kafka_storage_error);
  check_stored(o.append_later(2, 8), 2);
  CAF_CHECK(o.node.read_all(o.topic) == numbers(8));
  CAF_CHECK_EQUAL(o.node.ports->released().size(), 2u);  // the other two that were put
  CAF_CHECK_EQUAL(o.node.engine->measure().unnamed_bytes, 0u);
}

CAF_TEST(what is behind a write that was given up is released and stored again by nobody) {
  overlapping o;
  o.node.ports->script({fault::held});
  auto first = o.append_later(1);
  CAF_REQUIRE(soon_true([&] { return o.node.ports->held_count() == 1; }));
  auto more = o.append_later(2, 8);
  o.settle(1);
  // The unit behind the held one: with it, what had a chunk and what had none is in doubt.
  o.node.ports->script({fault::lost, fault::lost, fault::lost, fault::lost});
  o.node.ports->puts_stall = 1;  // comes when the log is loaded again
  o.node.ports->release();
  CAF_CHECK_EQUAL(value_of(std::move(first)).base_offset, 1);
  check_all(std::move(more), request_timed_out);
  o.node.ports->release();
  CAF_CHECK(soon_true([&] { return value_of(o.append_later(2)).error == none; }));
  CAF_CHECK(o.node.read_all(o.topic) == numbers(3));
  CAF_CHECK(soon_true([&] { return o.node.ports->released().size() == 4; }));
  CAF_CHECK_EQUAL(o.node.released_by_mistake(o.node.ports->released()), 0u);
  CAF_CHECK_EQUAL(o.node.engine->measure().unnamed_bytes, 0u);
}

CAF_TEST(files begin in the middle of what is on its way) {
  actors::partition_settings settings;
  settings.appends_at_once = at_once;
  settings.segments.max_chunks_per_segment = 2;
  node_fixture node{settings};
  auto topic = node.create("t");
  std::vector<std::future<msg::append_result>> all;
  for (int i = 0; i < 200; ++i) all.push_back(node.append_to(node.partitions, topic, batch_of(i)));
  check_stored(std::move(all), 0);
  CAF_CHECK(node.read_all(topic) == numbers(200));
  node.restart();
  node.ask_topic([&](auto answer) { caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer}); });
  CAF_CHECK(node.read_all(topic) == numbers(200));
}
