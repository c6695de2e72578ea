#define CAF_SUITE fetch_handler
// Fetch over a store that stalls, and over one that has more than anybody may ask for.
#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "messages/kafka/codec.hpp"
#include "messages/kafka/fetch.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;

namespace {

actors::partition_settings no_tails() {
  actors::partition_settings settings;
  settings.tail_bytes = 0;  // everything comes from the store
  return settings;
}

/// A node with a topic of one record per partition, and one client's connection: what runs on it runs in order.
struct fetch_fixture {
  node_fixture node{no_tails()};
  actors::services services;
  std::shared_ptr<actors::connection_scratch> scratch = std::make_shared<actors::connection_scratch>();
  actors::topic_ptr topic;
  actors::store_timer connection;  // goes first: nothing runs on it any more when the rest goes

  explicit fetch_fixture(std::int32_t partitions) : topic(node.create("t", partitions)) {
    for (std::int32_t p = 0; p < partitions; ++p)
      CAF_REQUIRE(node.append(topic, batch_of(p), p).error == error_code::none);
    services.store = node.store;
    services.topics.publish(node.topics);
    services.partitions.publish(node.partitions);
    services.fetch_budget = std::make_shared<actors::fetch_budget>(1 << 20);
    services.settings.longest_read = 200ms;
  }
  ~fetch_fixture() {
    run_and_wait([this] { scratch->end(); });
    node.ports->release();
  }

  template <class F>
  void run_and_wait(F f) {
    std::promise<void> ran;
    connection.run_after()(0ms, [&] {
      f();
      ran.set_value();
    });
    ran.get_future().wait();
  }

  [[nodiscard]] kafka::fetch_request asking(std::int32_t max_bytes) const {
    kafka::fetch_request asked;
    asked.max_wait_ms = 10'000;
    asked.min_bytes = 1;
    asked.max_bytes = max_bytes;
    asked.session_epoch = -1;
    auto& of_topic = asked.topics.emplace_back();
    of_topic.topic = "t";
    for (std::int32_t p = 0; p < topic->partitions; ++p) {
      auto& one = of_topic.partitions.emplace_back();
      one.partition = p;
      one.partition_max_bytes = 1 << 20;
    }
    return asked;
  }

  kafka::fetch_response fetch(const kafka::fetch_request& asked, std::int16_t version = 12) {
    auto answered = std::make_shared<std::promise<std::vector<shared_bytes>>>();
    auto answer = answered->get_future();
    auto later = connection.run_after();
    actors::request::link link;
    link.answer = [answered](std::vector<shared_bytes> parts, bool, const std::string&) {
      answered->set_value(std::move(parts));
    };
    link.post = [later](std::function<void()> f) { later(0ms, std::move(f)); };
    link.post_later = later;
    link.stage_done = [] {};
    kafka::request_frame frame;
    frame.header.api_key = kafka::api_key::fetch;
    frame.header.api_version = version;
    frame.body = shared_bytes(kafka::join(kafka::encode(asked, version)));
    run_and_wait([&] {
      actors::handlers::fetch(services, std::make_shared<actors::request>(std::move(frame), "client:1", link, scratch,
                                                                         1'000'000));
    });
    const shared_bytes all(kafka::join(value_of(std::move(answer))));
    constexpr std::size_t head = 9;  // length, correlation id, and the empty tags of a flexible header
    auto decoded = kafka::decode<kafka::fetch_response>(all.slice(head, all.size() - head), version);
    CAF_REQUIRE(decoded.has_value());
    return *decoded;
  }
};

}  // namespace

CAF_TEST(a partition whose store stalls keeps the others from nobody) {
  fetch_fixture f(40);
  f.node.ports->reads_stall = 1;
  const auto response = f.fetch(f.asking(1 << 20));
  int stalled = 0;
  int served = 0;
  for (const auto& p : response.responses.at(0).partitions) {
    if (p.error_code == error_code::kafka_storage_error) ++stalled;
    if (p.error_code == error_code::none && !p.records->empty()) ++served;
  }
  CAF_CHECK_EQUAL(stalled, 1);
  CAF_CHECK_EQUAL(served, 39);
}

CAF_TEST(what does not fit into an answer is not read) {
  fetch_fixture f(200);
  f.node.ports->chunk_reads = 0;
  const auto response = f.fetch(f.asking(1));  // one batch, because the first always goes
  int served = 0;
  for (const auto& p : response.responses.at(0).partitions) {
    CAF_CHECK(p.error_code == error_code::none);
    CAF_CHECK_EQUAL(p.high_watermark, 1);
    if (!p.records->empty()) ++served;
  }
  CAF_CHECK_EQUAL(served, 1);
  CAF_CHECK(f.node.ports->chunk_reads.load() <= 2 * 16);  // of those that were asked at once
}

CAF_TEST(what already gives all that it may is not read again when it grows) {
  fetch_fixture f(1);
  auto asked = f.asking(1 << 20);
  asked.min_bytes = 1 << 20;
  asked.max_wait_ms = 500;
  asked.topics[0].partitions[0].partition_max_bytes = 1;  // one batch
  CAF_REQUIRE(f.node.append(f.topic, batch_of(1)).error == error_code::none);
  f.node.ports->chunk_reads = 0;
  auto answer = std::async(std::launch::async, [&] { return f.fetch(asked); });
  int appended = 2;
  for (; answer.wait_for(5ms) != std::future_status::ready; ++appended)
    CAF_REQUIRE(f.node.append(f.topic, batch_of(appended)).error == error_code::none);
  CAF_CHECK_LESS(f.node.ports->chunk_reads.load(), 4);
  CAF_CHECK_GREATER(appended, 10);
  CAF_CHECK(!value_of(std::move(answer)).responses.at(0).partitions.at(0).records->empty());
}

CAF_TEST(one that has more counts with all that it may give) {
  fetch_fixture f(1);
  auto asked = f.asking(1 << 20);
  asked.min_bytes = 1000;
  asked.topics[0].partitions[0].partition_max_bytes = 1000;  // five batches of 150 to 200 bytes, or so
  for (int i = 1; i < 20; ++i) CAF_REQUIRE(f.node.append(f.topic, batch_of(i)).error == error_code::none);
  const auto began = std::chrono::steady_clock::now();
  CAF_CHECK(f.fetch(asked).responses.at(0).partitions.at(0).records->size() < 1000);
  CAF_CHECK(std::chrono::steady_clock::now() - began < 5s);  // max_wait_ms is 10 s
}

CAF_TEST(a partition that does not exist does not end the wait for the others) {
  fetch_fixture f(1);
  auto asked = f.asking(1 << 20);
  asked.topics[0].partitions[0].fetch_offset = 1;
  asked.topics[0].partitions.emplace_back().partition = 7;
  auto answer = std::async(std::launch::async, [&] { return f.fetch(asked); });
  CAF_CHECK(answer.wait_for(500ms) == std::future_status::timeout);
  CAF_REQUIRE(f.node.append(f.topic, batch_of(1)).error == error_code::none);
  const auto response = value_of(std::move(answer));
  const auto& partitions = response.responses.at(0).partitions;
  CAF_REQUIRE_EQUAL(partitions.size(), 2u);
  CAF_CHECK(partitions[0].error_code == error_code::none && !partitions[0].records->empty());
  CAF_CHECK(partitions[1].error_code == error_code::unknown_topic_or_partition);
  asked.topics[0].partitions.erase(asked.topics[0].partitions.begin());
  const auto began = std::chrono::steady_clock::now();
  f.fetch(asked);
  CAF_CHECK(std::chrono::steady_clock::now() - began < 5s);  // nothing could end the wait
}

CAF_TEST(a topic that is deleted under a long poll is unknown) {
  fetch_fixture f(1);
  auto asked = f.asking(1 << 20);
  asked.topics[0].partitions[0].fetch_offset = 1;
  auto answer = std::async(std::launch::async, [&] { return f.fetch(asked); });
  const auto waits = [&] {
    bool any = false;
    f.run_and_wait([&] { any = !f.scratch->waiting.empty(); });
    return any;
  };
  CAF_REQUIRE(soon_true(waits));
  auto without = std::make_shared<actors::topic_snapshot>();
  without->complete = true;
  f.node.store->topics.publish(without);
  caf::anon_send(f.node.partitions, msg::forget_topic{f.topic->id, nullptr});
  CAF_CHECK(value_of(std::move(answer)).responses.at(0).partitions.at(0).error_code ==
            error_code::unknown_topic_or_partition);
}

CAF_TEST(who has the epoch of an older leader is told who leads now) {
  fetch_fixture f(2);
  f.services.node_id = 5;
  f.services.host = "here";
  f.services.port = 19092;
  const auto epoch = f.node.store->leader_epoch_of(f.topic->id, 1);
  const auto fetched = [&](std::int32_t known_epoch, std::int16_t version) {
    auto asked = f.asking(1 << 20);
    asked.topics[0].topic_id = f.topic->id;
    asked.topics[0].partitions[1].current_leader_epoch = known_epoch;
    return f.fetch(asked, version);
  };
  for (const auto version : std::initializer_list<std::int16_t>{15, 16, 18}) {
    const auto response = fetched(epoch - 1, version);
    const auto& partitions = response.responses.at(0).partitions;
    const bool is_told = version >= 16;  // as in Kafka
    using leader = kafka::fetch_response::leader_id_and_epoch;
    CAF_CHECK(partitions.at(0).error_code == error_code::none && partitions[0].current_leader == leader{});
    CAF_CHECK(partitions.at(1).error_code == error_code::fenced_leader_epoch);
    CAF_CHECK(partitions[1].current_leader == (is_told ? leader{5, epoch} : leader{}));
    CAF_REQUIRE_EQUAL(response.node_endpoints.size(), is_told ? 1u : 0u);
    if (is_told)
      CAF_CHECK((response.node_endpoints[0] == kafka::fetch_response::node_endpoint{5, "here", 19092, std::nullopt}));
  }
  const auto response = fetched(epoch + 1, 16);  // somebody else leads, or will
  CAF_CHECK(response.responses.at(0).partitions.at(1).error_code == error_code::unknown_leader_epoch);
  CAF_CHECK_EQUAL(response.responses[0].partitions[1].current_leader.leader_id, -1);
  CAF_CHECK(response.node_endpoints.empty());
}
