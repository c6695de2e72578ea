#define CAF_SUITE node_end
// A node is stopped while all of its parts are at work: it ends in time, nothing uses what is gone (as the sanitizers
// see it), nothing is left, and what it acknowledged is there afterwards.
#include "actors/metrics/counters.hpp"
#include "actors/node.hpp"
#include "messages/kafka/fetch.hpp"
#include "messages/kafka/init_producer_id.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/list_offsets.hpp"
#include "messages/kafka/metadata.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "messages/kafka/produce.hpp"
#include "tests/actors/socket_client.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using client = socket_client;

namespace {

enum partition : std::int32_t { small, large, quiet, partitions };

/// Becomes 4 MiB, the second record: it is checked, and looked into, on threads of its own.
shared_bytes large_batch() {
  auto b = batch_builder::of(2);
  b.records[1].value = std::string(4 << 20, 'b');
  b.codec = kafka::compression::gzip;
  b.header.producer_id = -1;
  b.header.producer_epoch = -1;
  b.header.base_sequence = -1;
  return shared_bytes(b.build());
}

struct subject {
  smq::testing::scratch_directory home;
  std::uint16_t port = free_port();
  std::unique_ptr<actors::node> node;

  void start() {
    actors::options settings;
    settings.listen = "127.0.0.1:" + std::to_string(port);
    settings.data_dir = home.path("/data");
    settings.limits.worker_threads = 2;  // one for large batches
    settings.kafka.num_partitions = partitions;
    settings.kafka.group_initial_rebalance_delay_ms = 60'000;
    std::string error;
    auto client_port = actors::node::bind(settings, error);
    if (client_port) node = actors::node::start(settings, client_port, error);
    if (!node) CAF_FAIL(error);
  }

  void create_topic() const {
    kafka::metadata_request create;
    create.topics.emplace().emplace_back().name = "t";
    const auto made = client{port}.call<kafka::metadata_response>(create, 4);
    CAF_REQUIRE(made.topics.at(0).error_code == error_code::none);
  }

  /// A node that hangs would end this process with 0, a second later.
  void stop() {
    std::promise<void> stopped;
    std::thread watchdog{[is_stopped = stopped.get_future()] {
      if (is_stopped.wait_for(7s) != std::future_status::ready) std::abort();
    }};
    node.reset();
    stopped.set_value();
    watchdog.join();
  }
};

/// Each call is one request. False: the node did not answer it.
bool produce(client& to, std::int32_t partition, const shared_bytes& records, std::atomic<std::int64_t>& next_offset) {
  kafka::produce_request request;
  request.acks = -1;
  request.timeout_ms = 10'000;
  request.topic_data = {{"t", {}, {{partition, records}}}};
  const auto answer = to.ask<kafka::produce_response>(request, 7);
  if (!answer) return false;
  const auto& found = answer->responses.at(0).partition_responses.at(0);
  if (found.error_code == error_code::none) next_offset = found.base_offset + 1;
  return true;
}

bool commit(client& to, std::int64_t offset, std::atomic<std::int64_t>& committed) {
  kafka::offset_commit_request request;
  request.group_id = "committed";
  request.topics = {{"t", {}, {{small, offset, -1, -1, "m"}}}};
  const auto answer = to.ask<kafka::offset_commit_response>(request, 7);
  if (!answer) return false;
  if (answer->topics.at(0).partitions.at(0).error_code == error_code::none) committed = offset;
  return true;
}

std::optional<kafka::list_offsets_response::partition> list(client& to, std::int32_t partition,
                                                           std::int64_t timestamp) {
  kafka::list_offsets_request request;
  request.replica_id = -1;
  request.topics = {{"t", {{partition, -1, timestamp}}}};
  const auto answer = to.ask<kafka::list_offsets_response>(request, 4);
  if (!answer) return std::nullopt;
  return answer->topics.at(0).partitions.at(0);
}

bool fetch(client& to, std::int32_t partition, std::int64_t offset, std::int32_t wait_ms) {
  kafka::fetch_request request;
  request.max_wait_ms = wait_ms;
  request.min_bytes = 1;
  kafka::fetch_request::fetch_partition wanted;
  wanted.partition = partition;
  wanted.fetch_offset = offset;
  wanted.partition_max_bytes = 1 << 20;
  request.topics = {{"t", {}, {wanted}}};
  return to.ask<kafka::fetch_response>(request, 11).has_value();
}

bool take_producer_id(client& to) {
  kafka::init_producer_id_request request;
  request.transactional_id = std::nullopt;
  return to.ask<kafka::init_producer_id_response>(request, 1).has_value();
}

bool join(client& to) {
  kafka::join_group_request request;
  request.group_id = "joined";
  request.session_timeout_ms = 30'000;
  request.rebalance_timeout_ms = 30'000;
  request.protocol_type = "consumer";
  request.protocols = {{"range", {}}};
  return to.ask<kafka::join_group_response>(request, 2).has_value();
}

/// Clients, each on a connection and a thread of its own, until their node is gone.
class busy_clients {
 public:
  explicit busy_clients(const subject& of) : port_(of.port) {}
  ~busy_clients() {
    for (auto& one : threads_) one.join();
  }
  busy_clients(const busy_clients&) = delete;
  busy_clients& operator=(const busy_clients&) = delete;

  /// `request` is sent again and again, until it is not answered.
  void add(std::function<bool(client&)> request) {
    auto& answers = answers_.emplace_back(0);
    threads_.emplace_back([request = std::move(request), &answers, to = std::make_unique<client>(port_)] {
      while (request(*to)) ++answers;
    });
  }

  [[nodiscard]] bool have_all(int answers) {
    return soon_true([&] { return std::ranges::all_of(answers_, [&](const auto& has) { return has >= answers; }); });
  }

 private:
  const std::uint16_t port_;
  std::deque<std::atomic<int>> answers_;
  std::vector<std::thread> threads_;
};

std::int64_t alive_actors() {
  std::int64_t all = 0;
  for (const auto kind : {actors::actor_kind::connection, actors::actor_kind::coordinator,
                          actors::actor_kind::offset_actor, actors::actor_kind::registry})
    all += actors::counters_of(kind).alive.value();
  return all;
}

}  // namespace

CAF_TEST(a node that is stopped amid everything ends in time and leaves what it acknowledged) {
  const auto actors_before = alive_actors();
  const auto bytes = large_batch();
  subject one;
  std::atomic<std::int64_t> small_end{0};
  std::atomic<std::int64_t> large_end{0};
  std::atomic<std::int64_t> committed{0};
  for (int round = 0; round < 4; ++round) {
    one.start();
    if (round == 0) one.create_topic();
    {
      busy_clients waiting{one};
      busy_clients busy{one};
      waiting.add([](client& to) { return join(to); });
      waiting.add([](client& to) { return fetch(to, quiet, 0, 60'000); });
      busy.add([&](client& to) { return produce(to, small, batch_of(1), small_end); });
      for (int i = 0; i < 2; ++i) busy.add([&](client& to) { return produce(to, large, bytes, large_end); });
      for (int i = 0; i < 2; ++i) busy.add([&](client& to) { return list(to, large, 1001).has_value(); });
      busy.add([&, next = committed.load()](client& to) mutable { return commit(to, ++next, committed); });
      busy.add([](client& to) { return fetch(to, small, 0, 10); });
      busy.add([](client& to) { return take_producer_id(to); });
      const bool are_busy = busy.have_all(3);
      one.stop();
      CAF_CHECK(are_busy);
    }
    CAF_CHECK_EQUAL(alive_actors(), actors_before);
  }
  one.start();
  client to{one.port};
  CAF_CHECK(list(to, small, msg::latest_timestamp).value().offset >= small_end);
  CAF_CHECK(list(to, large, msg::latest_timestamp).value().offset > large_end);  // the end of its second record
  kafka::offset_fetch_request request;
  request.group_id = "committed";
  request.topics = std::vector<kafka::offset_fetch_request::topic>{{"t", {small}}};
  const auto found = to.call<kafka::offset_fetch_response>(request, 5).topics.at(0).partitions.at(0);
  CAF_CHECK(found.committed_offset >= committed);
  one.stop();
}
