#define CAF_SUITE repeated_partitions
// Requests that name a partition again: each goes to the store once, and every mention is answered.
#include "actors/handlers/named_once.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_delete.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using actors::handlers::named_partition;
using actors::handlers::places_of;
using enum error_code;

namespace {

/// Keeps what the groups write.
struct watched_store : actors::group_store {
  std::shared_ptr<actors::group_store> inner;
  std::mutex mutex;
  std::vector<actors::group_write> writes;

  std::uint64_t open(const std::string& group, std::function<void(actors::loaded_group)> done) override {
    return inner->open(group, std::move(done));
  }
  void write(const std::string& group, actors::group_write what,
             std::function<void(actors::group_write_answer)> done) override {
    {
      std::lock_guard lock{mutex};
      writes.push_back(what);
    }
    inner->write(group, std::move(what), std::move(done));
  }
  void fetch(const std::string& group, std::vector<msg::group_partition> partitions,
             std::function<void(std::vector<msg::offset_fetch_item>)> done) override {
    inner->fetch(group, std::move(partitions), std::move(done));
  }
  void fetch_all(const std::string& group, std::vector<group_topic> topics,
                 std::function<void(msg::offset_fetch_result)> done) override {
    inner->fetch_all(group, std::move(topics), std::move(done));
  }
  void find_positions(const std::string& group, std::function<void(actors::found_positions)> done) override {
    inner->find_positions(group, std::move(done));
  }
  [[nodiscard]] actors::topic_liveness liveness_of(const uuid& topic_id, const std::string& topic) const override {
    return inner->liveness_of(topic_id, topic);
  }
  void close(const std::string& group, std::uint64_t lease) override { inner->close(group, lease); }

  std::vector<actors::group_write> taken() {
    std::lock_guard lock{mutex};
    return std::exchange(writes, {});
  }
};

struct fixture : handler_fixture {
  std::shared_ptr<watched_store> watched = std::make_shared<watched_store>();
  actors::topic_ptr other;

  fixture() {
    other = node.create("u", 2);
    stop();
    watched->inner = node.groups;
    context.store = watched;
    context.new_uuid = [] { return std::string("0"); };
    context.wall_ms = actors::wall_ms;
    registry = actors::spawn_group_registry(*node.system, node.store, context);
    node.registries->groups.publish(registry);
  }
  ~fixture() { stop(); }

  /// Rows of "topic, partition, offset"; the answers in the same order.
  std::vector<error_code> commit_all(const std::vector<std::tuple<std::string, std::int32_t, std::int64_t>>& rows) {
    kafka::offset_commit_request asked;
    asked.group_id = "g";
    for (const auto& [name, partition, offset] : rows) {
      kafka::offset_commit_request::partition p;
      p.partition_index = partition;
      p.committed_offset = offset;
      p.committed_metadata = std::string(offset < 100 ? 0 : 5'000, 'm');  // too much
      asked.topics.emplace_back();
      asked.topics.back().name = name;
      asked.topics.back().partitions = {p};
    }
    std::vector<error_code> errors;
    for (const auto& t : ask<kafka::offset_commit_response>(asked, 8).topics)
      for (const auto& p : t.partitions) errors.push_back(p.error_code);
    return errors;
  }
};

}  // namespace

CAF_TEST(a partition that is committed again is stored once with its last position) {
  fixture f;
  const auto errors = f.commit_all({{"t", 1, 1}, {"u", 0, 2}, {"t", 0, 3}, {"t", 1, 4}, {"t", 7, 5}, {"u", 0, 6},
                                    {"u", 0, 100}, {"t", 1, 8}});
  CAF_CHECK((errors == std::vector{none, none, none, none, unknown_topic_or_partition, none,
                                   offset_metadata_too_large, none}));
  const auto writes = f.watched->taken();
  CAF_REQUIRE_EQUAL(writes.size(), 1u);
  std::vector<std::pair<msg::group_partition, std::int64_t>> puts;
  for (const auto& put : writes[0].puts) puts.emplace_back(put.where, put.position.offset);
  CAF_CHECK((puts == std::vector<std::pair<msg::group_partition, std::int64_t>>{
    {f.where(1), 8}, {{"u", f.other->id, 0}, 6}, {f.where(0), 3}}));
  CAF_CHECK_EQUAL(f.position("g", 1), 8);
}

CAF_TEST(a partition whose position is removed again is removed once) {
  fixture f;
  f.commit_all({{"t", 0, 1}, {"t", 1, 2}});
  f.watched->taken();
  kafka::offset_delete_request asked;
  asked.group_id = "g";
  asked.topics.resize(2);
  for (auto& topic : asked.topics) {
    topic.name = "t";
    for (const std::int32_t partition : {1, 9, 0, 1}) topic.partitions.push_back({partition});
  }
  const auto removed = f.ask<kafka::offset_delete_response>(asked, 0);
  CAF_CHECK(removed.error_code == none);
  CAF_REQUIRE_EQUAL(removed.topics.size(), 2u);
  for (const auto& topic : removed.topics) {
    std::vector<error_code> errors;
    for (const auto& p : topic.partitions) errors.push_back(p.error_code);
    CAF_CHECK((errors == std::vector{none, unknown_topic_or_partition, none, none}));
  }
  const auto writes = f.watched->taken();
  CAF_REQUIRE_EQUAL(writes.size(), 1u);
  CAF_CHECK((writes[0].erases == std::vector{f.where(1), f.where(0)}));
  CAF_CHECK_EQUAL(f.position("g", 1), -1);
}

CAF_TEST(places are those of the first mention) {
  uuid a;
  uuid b;
  b.bytes[0] = std::byte{1};
  struct row {
    std::vector<named_partition> named;
    std::vector<std::size_t> places;
  };
  const row rows[]{
    {{}, {}},
    {{{b, 0}, {b, 1}, {a, 0}, {a, 5}}, {0, 1, 2, 3}},
    {{{b, 1}, {b, 0}, {a, 0}}, {0, 1, 2}},
    {{{a, 0}, {b, 0}, {a, 1}, {b, 1}}, {0, 1, 2, 3}},
    {{{a, 2}, {b, 0}, {a, 2}, {a, 1}, {b, 0}, {a, 2}}, {0, 1, 0, 2, 1, 0}},
    {{{a, 1}, {a, 1}}, {0, 0}},
  };
  for (const auto& r : rows) CAF_CHECK(places_of(r.named) == r.places);
}
