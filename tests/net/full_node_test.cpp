#define CAF_SUITE full_node
// The server at the limits of all its connections together.
#include "net/counters.hpp"
#include "net/server.hpp"

#include "tests/net/loopback.hpp"

#include "caf/test/unit_test.hpp"

#include <thread>

using namespace tidegate;
using namespace tidegate::net;
using namespace tidegate::net::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t large = 400'000;

server_options with_node_bytes(std::size_t bytes) {
  server_options options;
  options.io_threads = 1;  // so that the bound is exact
  options.node.bytes = bytes;
  return options;
}

using clients = std::vector<std::unique_ptr<client>>;

clients open(const server& to, std::size_t count) {
  clients all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(std::make_unique<client>(to.port()));
  return all;
}

/// Fills a node that takes 300,000 bytes, and waits until it has. In frames that fit into a connection's first buffer:
/// a larger one that the node has no room for before it is whole would take the turn, and keep it until it is answered.
constexpr std::size_t filling = 92;
constexpr std::size_t filling_size = 4000;
void fill(recorder& seen, client& with) {
  std::string all;
  for (std::size_t i = 0; i < filling; ++i) all += framed(std::string(filling_size, 'x'));
  with.write(all);
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == filling; }));
}

std::string large_frame(char letter) { return framed(std::string(large, letter)); }

/// For what the recorder is not told of.
template <class F>
bool eventually(recorder& seen, F condition) {
  for (int i = 0; i < 500; ++i)
    if (seen.wait(condition, 20ms)) return true;
  return false;
}

/// The session that delivered the frame of this number.
std::shared_ptr<session> sender_of(recorder& seen, std::size_t frame) {
  return seen.look([&] { return seen.senders.at(frame).lock(); });
}

}  // namespace

CAF_TEST(a full node takes one large request after the other and all of them in the end) {
  recorder seen;
  auto server = serve(seen, with_node_bytes(1'000'000));
  const auto pauses = counted.paused_by_node_bytes.value();
  auto all = open(*server, 10);
  std::vector<std::thread> writers;
  for (std::size_t i = 0; i < all.size(); ++i)
    writers.emplace_back([&, i] { all[i]->write(large_frame(static_cast<char>('a' + i))); });
  CAF_REQUIRE(seen.wait([&] { return !seen.frames.empty(); }));
  CAF_CHECK(!seen.wait([&] { return seen.frames.size() > 4; }, 300ms));
  CAF_CHECK(counted.paused_by_node_bytes.value() > pauses);
  CAF_CHECK(server->budget().bytes() <= 1'000'000 + 2 * static_cast<std::int64_t>(large));
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAF_REQUIRE(seen.wait([&] { return seen.frames.size() > i; }));
    sender_of(seen, i)->release(large, 1);
  }
  for (auto& one : writers) one.join();
  CAF_CHECK(eventually(seen, [&] { return server->budget().bytes() == 0 && seen.frames.size() == all.size(); }));
  CAF_CHECK_EQUAL(server->budget().waiting(), 0u);
}

CAF_TEST(small requests pass a full node) {
  recorder seen;
  auto server = serve(seen, with_node_bytes(300'000));
  client greedy(server->port());
  fill(seen, greedy);
  auto others = open(*server, 20);
  for (auto& one : others) one->write(framed("heartbeat"));
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == filling + 20; }));
  // A second one of the same client is not small change any more: one at a time goes on, the others wait.
  for (auto& one : others) one->write(framed("pipelined"));
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == filling + 21; }));
  CAF_CHECK(!seen.wait([&] { return seen.frames.size() > filling + 21; }, 200ms));
  sender_of(seen, 0)->release(filling * filling_size, filling);
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == filling + 40; }));
}

CAF_TEST(requests of which only halves fit come through) {
  recorder seen;
  seen.answer = echo;
  auto server = serve(seen, with_node_bytes(1'000'000));
  auto all = open(*server, 8);
  const auto half = large_frame('h').substr(0, large / 2);
  for (auto& one : all) one->write_until_stuck(half);
  std::vector<std::thread> writers;
  for (auto& one : all)
    writers.emplace_back([&] { one->write(std::string(large + 4 - half.size(), 'h')); });
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == all.size(); }));
  for (auto& one : all) CAF_CHECK_EQUAL(one->read(large + 4).size(), large + 4);
  for (auto& one : writers) one.join();
}

CAF_TEST(who has the turn and does not go on is closed and the next one goes on) {
  recorder seen;
  auto options = with_node_bytes(300'000);
  options.limits.frame_grace = 200ms;
  options.limits.frame_bytes_per_second = 0;
  auto server = serve(seen, options);
  const auto closed = counted.closed_slow_turn.value();
  client holder(server->port());
  fill(seen, holder);
  client stalls(server->port());
  stalls.write(large_frame('s').substr(0, large / 2));
  CAF_CHECK(stalls.sees_close());
  CAF_CHECK_EQUAL(counted.closed_slow_turn.value(), closed + 1);
  client goes(server->port());
  CAF_CHECK(goes.write(large_frame('g')));
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == filling + 1; }));
}

CAF_TEST(who has the turn and takes no answers is closed and the next one goes on) {
  recorder seen;
  seen.answer = [](session& to, const std::vector<shared_bytes>& frames) {
    if (frames.front().view().front() != std::byte{'t'}) return;
    to.send({bytes_of(std::string(50'000'000, 'y'))});  // to what came before
    CAF_CHECK(!to.takes_answers());
  };
  auto options = with_node_bytes(300'000);
  options.limits.frame_grace = 200ms;
  options.limits.max_unsent_bytes = 1'000'000;
  auto server = serve(seen, options);
  const auto closed = counted.closed_slow_turn.value();
  client holder(server->port());
  fill(seen, holder);
  client takes_nothing(server->port());
  takes_nothing.write(large_frame('t'));
  CAF_CHECK(eventually(seen, [&] { return seen.closed == 1; }));
  CAF_CHECK_EQUAL(counted.closed_slow_turn.value(), closed + 1);
  seen.change([&] { seen.sessions.clear(); });  // nobody works on its request
  client goes(server->port());
  CAF_CHECK(goes.write(large_frame('g')));
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == filling + 2; }));
}

CAF_TEST(requests count until nobody works on them even if their connection is gone) {
  recorder seen;
  auto options = with_node_bytes(300'000);
  options.limits.drain_timeout = 100ms;
  auto server = serve(seen, options);
  auto gone = std::make_unique<client>(server->port());
  gone->write(large_frame('x'));
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 1; }));
  gone.reset();
  CAF_REQUIRE(seen.wait([&] { return seen.closed == 1; }));
  CAF_CHECK_EQUAL(server->budget().bytes(), static_cast<std::int64_t>(large - node_budget::free_bytes));
  seen.change([&] { seen.sessions.clear(); });
  CAF_CHECK(eventually(seen, [&] { return server->budget().bytes() == 0; }));
}

CAF_TEST(pipelined requests of all connections together have a limit) {
  recorder seen;
  server_options options;
  options.node.requests = 50;
  auto server = serve(seen, options);
  const auto pauses = counted.paused_by_node_requests.value();
  std::string many;
  for (int i = 0; i < 90; ++i) many += framed("r");
  auto all = open(*server, 4);
  for (auto& one : all) one->write(many);
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() >= 54; }));
  // The limit, one more of each connection, and one for the turn.
  CAF_CHECK(!seen.wait([&] { return seen.frames.size() > 56; }, 300ms));
  CAF_CHECK(counted.paused_by_node_requests.value() > pauses);
  std::size_t done = 0;
  while (done < 360) {
    CAF_REQUIRE(seen.wait([&] { return seen.frames.size() > done; }));
    sender_of(seen, done++)->release(1, 1);
  }
  CAF_CHECK(eventually(seen, [&] { return server->budget().requests() == 0; }));
}

CAF_TEST(answers that nobody takes have a limit for all connections together) {
  recorder seen;
  seen.answer = [](session& to, const std::vector<shared_bytes>& frames) {
    for (const auto& frame : frames) {
      to.send({bytes_of(std::string(1'000'000, 'y'))});
      to.release(frame.size(), 1);
    }
  };
  server_options options;
  options.limits.max_requests_in_flight = 1;
  options.node.unsent_bytes = 20'000'000;
  auto server = serve(seen, options);
  const auto pauses = counted.paused_by_node_unsent.value();
  std::string many;
  for (int i = 0; i < 200; ++i) many += framed("r");
  auto all = open(*server, 5);
  for (auto& one : all) one->write(many);
  CAF_CHECK(eventually(seen, [&] { return server->budget().unsent() >= 20'000'000; }));
  CAF_CHECK(!seen.wait([&] { return server->budget().unsent() > 26'000'000; }, 300ms));
  CAF_CHECK(counted.paused_by_node_unsent.value() > pauses);
  CAF_CHECK_EQUAL(all[0]->read(200'000'000).size(), 200'000'000u);  // who takes its answers gets them
}

CAF_TEST(a request that stood in line is not too slow for it) {
  recorder seen;
  auto options = with_node_bytes(300'000);
  options.limits.frame_grace = 1500ms;
  options.limits.frame_bytes_per_second = 1'000'000'000;
  auto server = serve(seen, options);
  client holder(server->port());
  fill(seen, holder);
  client second(server->port());  // has the turn, and its request is not answered
  second.write(large_frame('y'));
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == filling + 1; }));
  client third(server->port());
  std::thread writer([&] { third.write(large_frame('z')); });
  CAF_CHECK(!seen.wait([&] { return seen.closed > 0; }, 3500ms));
  sender_of(seen, 0)->release(filling * filling_size, filling);
  sender_of(seen, filling)->release(large, 1);
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == filling + 2; }));
  writer.join();
  CAF_CHECK_EQUAL(seen.look([&] { return seen.closed; }), 0u);
}
