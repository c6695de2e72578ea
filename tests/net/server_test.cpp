#define CAF_SUITE server
#include "net/server.hpp"

#include "tests/net/loopback.hpp"

#include "caf/test/unit_test.hpp"

#include <stdexcept>
#include <thread>

using namespace tidegate;
using namespace tidegate::net;
using namespace tidegate::net::test;
using namespace std::chrono_literals;

CAF_TEST(frames of one write are delivered whole and in order) {
  recorder seen;
  auto server = serve(seen);
  CAF_REQUIRE(server != nullptr);
  client c(server->port());
  c.write(framed("one") + framed("") + framed("three"));
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == 3; }));
  CAF_CHECK(seen.frames == std::vector<std::string>({"one", "", "three"}));
}

CAF_TEST(a frame that comes byte by byte is delivered once) {
  recorder seen;
  auto server = serve(seen);
  client c(server->port());
  for (const char byte : framed("slowly")) c.write(std::string(1, byte));
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == 1; }));
  CAF_CHECK_EQUAL(seen.frames.at(0), "slowly");
}

CAF_TEST(pipelined requests are echoed in order) {
  recorder seen;
  seen.answer = echo;
  auto server = serve(seen);
  client c(server->port());
  std::string all;
  for (int i = 0; i < 5000; ++i) all += framed("request " + std::to_string(i));
  std::thread writer([&] { c.write(all); });
  const auto answers = c.read(all.size());
  writer.join();
  CAF_CHECK(answers == all);
}

CAF_TEST(a frame of several MiB is echoed) {
  recorder seen;
  seen.answer = echo;
  auto server = serve(seen);
  client c(server->port());
  std::string body(20000000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>(i);
  std::thread writer([&] { c.write(framed(body)); });
  const auto answer = c.read(body.size() + 4);
  writer.join();
  CAF_CHECK(answer == framed(body));
}

CAF_TEST(answers that many threads send keep the order of each thread and stay whole) {
  recorder seen;
  auto server = serve(seen);
  client c(server->port());
  c.write(framed("hello"));
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 1; }));
  const auto session = seen.sessions.at(0);
  std::vector<std::thread> threads;
  for (char name = 'a'; name < 'e'; ++name) {
    threads.emplace_back([session, name] {
      for (int i = 0; i < 2000; ++i) session->send({bytes_of({name}), bytes_of(std::to_string(10000 + i)), {}});
    });
  }
  for (auto& one : threads) one.join();
  std::vector<int> next(4, 10000);
  for (int i = 0; i < 8000; ++i) {
    const auto one = c.read(6);
    CAF_REQUIRE_EQUAL(one.size(), 6u);
    CAF_REQUIRE_EQUAL(std::stoi(one.substr(1)), next.at(static_cast<std::size_t>(one[0] - 'a'))++);
  }
}

CAF_TEST(a negative or oversize length closes the connection with one log line) {
  for (const auto& head : {std::string("\xff\xff\xff\xff", 4), std::string("\x7f\xff\xff\xff", 4),
                                 std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\x16\x03\x01\x02\x00", 5)}) {
    recorder seen;
    auto server = serve(seen);
    client c(server->port());
    c.write(head);
    CAF_CHECK(c.sees_close());
    CAF_CHECK(seen.wait([&] { return seen.closed == 1; }));
    server->stop();
    CAF_CHECK_EQUAL(seen.logs.size(), 1u);
    CAF_CHECK(seen.frames.empty());
  }
}

CAF_TEST(without request credit nothing more is delivered until it is released) {
  recorder seen;
  server_options options;
  options.limits.max_requests_in_flight = 3;
  auto server = serve(seen, options);
  client c(server->port());
  std::string all;
  for (int i = 0; i < 10; ++i) all += framed(std::to_string(i));
  c.write(all);
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 3; }));
  CAF_CHECK(!seen.wait([&] { return seen.frames.size() > 3; }, 100ms));
  seen.sessions.at(0)->release(2, 2);
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 5; }));
  seen.sessions.at(0)->release(3, 3);
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 8; }));
  seen.sessions.at(0)->release(3, 3);
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == 10; }));
  CAF_CHECK_EQUAL(seen.frames.at(9), "9");
}

CAF_TEST(without byte credit the socket is not read) {
  recorder seen;
  server_options options;
  options.limits.max_bytes_in_flight = 100000;
  auto server = serve(seen, options);
  client c(server->port());
  const auto one = framed(std::string(60000, 'x'));
  std::string all;
  for (int i = 0; i < 1000; ++i) all += one;
  CAF_CHECK_LESS(c.write_until_stuck(all), all.size());
  CAF_CHECK_EQUAL(seen.look([&] { return seen.frames.size(); }), 2u);
  seen.sessions.at(0)->release(120000, 2);
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == 4; }));
}

CAF_TEST(a client that takes no answers is not read) {
  recorder seen;
  seen.answer = [](session& to, const std::vector<shared_bytes>& frames) {
    for (const auto& frame : frames) {
      to.send({bytes_of(std::string(1000000, 'y'))});
      to.release(frame.size(), 1);
    }
  };
  server_options options;
  options.limits.max_unsent_bytes = 1000000;
  options.limits.max_requests_in_flight = 1;
  auto server = serve(seen, options);
  client c(server->port());
  std::string all;
  for (int i = 0; i < 1000; ++i) all += framed(std::to_string(i));
  c.write(all);
  CAF_CHECK(!seen.wait([&] { return seen.frames.size() == 1000; }, 300ms));
  CAF_CHECK_EQUAL(c.read(20000000).size(), 20000000u);
  CAF_CHECK(seen.wait([&] { return seen.frames.size() > 10; }));
}

CAF_TEST(after a half close the pending answers are sent and then the connection ends) {
  recorder seen;
  auto server = serve(seen);
  client c(server->port());
  c.write(framed("a") + framed("b"));
  c.half_close();
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 2; }));
  CAF_CHECK(!seen.wait([&] { return seen.closed > 0; }, 50ms));
  echo(*seen.sessions.at(0), {bytes_of("a")});
  echo(*seen.sessions.at(0), {bytes_of("b")});
  CAF_CHECK(c.read_all() == framed("a") + framed("b"));
  CAF_CHECK(seen.wait([&] { return seen.closed == 1; }));
}

CAF_TEST(close sends what was queued before it) {
  recorder seen;
  auto server = serve(seen);
  client c(server->port());
  c.write(framed("a"));
  CAF_REQUIRE(seen.wait([&] { return seen.frames.size() == 1; }));
  seen.sessions.at(0)->send({bytes_of("last words")});
  seen.sessions.at(0)->close("unsupported");
  seen.sessions.at(0)->send({bytes_of("never")});
  CAF_CHECK_EQUAL(c.read_all().substr(0, 10), "last words");
  CAF_CHECK(seen.wait([&] { return seen.closed == 1 && seen.logs.size() == 1; }));
  CAF_CHECK(seen.logs.at(0).find("unsupported") != std::string::npos);
}

CAF_TEST(connections above the cap are closed and a place becomes free again) {
  recorder seen;
  server_options options;
  options.max_connections = 2;
  auto server = serve(seen, options);
  auto a = std::make_unique<client>(server->port());
  client b(server->port());
  CAF_REQUIRE(seen.wait([&] { return seen.sessions.size() == 2; }));
  client refused(server->port());
  CAF_CHECK(refused.sees_close());
  CAF_CHECK_EQUAL(server->connections(), 2u);
  a.reset();
  CAF_REQUIRE(seen.wait([&] { return seen.closed == 1; }));
  CAF_CHECK(seen.wait([&] { return server->connections() == 1; }));
  client d(server->port());
  CAF_CHECK(seen.wait([&] { return seen.sessions.size() == 3; }));
}

CAF_TEST(connections of one address above its cap are closed and a place becomes free again) {
  recorder seen;
  server_options options;
  options.max_connections_per_address = 1;
  auto server = serve(seen, options);
  auto a = std::make_unique<client>(server->port());
  CAF_REQUIRE(seen.wait([&] { return seen.sessions.size() == 1; }));
  client refused(server->port());
  CAF_CHECK(refused.sees_close());
  a.reset();
  CAF_REQUIRE(seen.wait([&] { return server->connections() == 0; }));
  client b(server->port());
  CAF_CHECK(seen.wait([&] { return seen.sessions.size() == 2; }));
  CAF_CHECK(seen.look([&] { return seen.logs.at(0).find("max.connections.per.ip") != std::string::npos; }));
}

CAF_TEST(connections that one address opens too fast are closed) {
  recorder seen;
  server_options options;
  options.connections_per_second = 1;
  auto server = serve(seen, options);
  std::vector<std::unique_ptr<client>> first;
  for (int i = 0; i < 10; ++i) first.push_back(std::make_unique<client>(server->port()));
  CAF_REQUIRE(seen.wait([&] { return seen.sessions.size() == 10; }));
  bool is_refused = false;  // a slow machine may earn a place meanwhile, but not twenty
  for (int i = 0; i < 20 && !is_refused; ++i) {
    client next(server->port());
    is_refused = seen.wait([&] { return !seen.logs.empty(); }, 50ms);
  }
  CAF_CHECK(is_refused);
  CAF_CHECK(seen.look([&] { return seen.logs.at(0).find("connections_per_second") != std::string::npos; }));
}

CAF_TEST(limits that change are those of connections that are there and of new ones) {
  recorder seen;
  seen.answer = echo;
  server_options options;
  options.io_threads = 2;
  auto server = serve(seen, options);
  client first(server->port());
  client second(server->port());
  for (auto* one : {&first, &second}) {
    one->write(framed("x"));
    CAF_CHECK_EQUAL(one->read(5), framed("x"));
  }
  options.limits.max_frame_bytes = 10;
  options.max_connections_per_address = 3;
  server->follow(options);
  client third(server->port());
  third.write(framed("at most ten, please"));
  CAF_CHECK(third.sees_close());
  for (auto* one : {&first, &second}) {
    one->write(framed("as it was before"));
    CAF_CHECK_EQUAL(one->read(20), framed("as it was before"));
  }
  options.limits.idle_timeout = 50ms;
  server->follow(options);
  CAF_CHECK(first.sees_close());
  CAF_CHECK(second.sees_close());
}

CAF_TEST(silent connections end after the first byte timeout and idle ones after the idle timeout) {
  recorder seen;
  server_options options;
  options.limits.first_byte_timeout = 100ms;
  options.limits.idle_timeout = 200ms;
  auto server = serve(seen, options);
  client silent(server->port());
  client idle(server->port());
  client parked(server->port());
  seen.answer = [](session& to, const std::vector<shared_bytes>& frames) {
    if (as_text(frames[0].view()) == "idle") echo(to, frames);
  };
  idle.write(framed("idle"));
  parked.write(framed("parked"));
  CAF_CHECK(silent.sees_close());
  CAF_CHECK_EQUAL(idle.read_all(), framed("idle"));
  CAF_CHECK(seen.wait([&] { return seen.closed == 2; }));
  CAF_CHECK(!seen.wait([&] { return seen.closed == 3; }, 300ms));
}

CAF_TEST(a frame that trickles is cut off) {
  recorder seen;
  server_options options;
  options.limits.frame_grace = 100ms;
  auto server = serve(seen, options);
  client c(server->port());
  c.write(framed("whole") + framed("partial").substr(0, 6));
  CAF_CHECK(c.sees_close());
  CAF_CHECK_EQUAL(seen.look([&] { return seen.frames.size(); }), 1u);
}

CAF_TEST(a frame may come as slowly as its limit allows) {
  recorder seen;
  server_options options;
  options.limits.frame_grace = 40ms;
  options.limits.frame_bytes_per_second = 0;
  auto server = serve(seen, options);
  client c(server->port());
  c.write(framed("partial").substr(0, 6));
  CAF_CHECK(!seen.wait([&] { return seen.closed == 1; }, 300ms));
  c.write(framed("partial").substr(6));
  CAF_CHECK(seen.wait([&] { return seen.frames.size() == 1; }));
}

CAF_TEST(a handler that throws loses its connection and no other) {
  recorder seen;
  seen.answer = [](session& to, const std::vector<shared_bytes>& frames) {
    if (as_text(frames[0].view()) == "bad") throw std::runtime_error("a bug");
    echo(to, frames);
  };
  auto server = serve(seen);
  client bad(server->port());
  client good(server->port());
  bad.write(framed("bad"));
  CAF_CHECK(bad.sees_close());
  good.write(framed("good"));
  CAF_CHECK_EQUAL(good.read(8), framed("good"));
  CAF_CHECK(seen.wait([&] { return seen.closed == 1 && seen.logs.size() == 1; }));
  CAF_CHECK(seen.logs.at(0).find("failed: a bug") != std::string::npos);
}

CAF_TEST(stop closes every connection and a session that outlives the server does nothing) {
  recorder seen;
  std::shared_ptr<session> survivor;
  {
    auto server = serve(seen);
    client a(server->port());
    client b(server->port());
    CAF_REQUIRE(seen.wait([&] { return seen.sessions.size() == 2; }));
    server->stop();
    CAF_CHECK_EQUAL(seen.closed, 2u);
    CAF_CHECK(a.sees_close());
    survivor = seen.sessions.at(0);
  }
  survivor->send({bytes_of("nobody hears")});
  survivor->release(1, 1);
  survivor->close("again");
}

CAF_TEST(stop returns although a tick is due at the same moment) {
  for (int i = 0; i < 100; ++i) {
    recorder seen;
    server_options options;
    options.limits.first_byte_timeout = 1ms;  // ticks every 10 ms, the shortest
    auto server = serve(seen, options);
    const auto until = std::chrono::steady_clock::now() + 9800us + i * 4us;
    while (std::chrono::steady_clock::now() < until) {}
    server->stop();
  }
}

CAF_TEST(after stop_accepting old connections go on and new ones are refused) {
  recorder seen;
  seen.answer = echo;
  auto server = serve(seen);
  client old(server->port());
  CAF_REQUIRE(seen.wait([&] { return seen.sessions.size() == 1; }));
  server->stop_accepting();
  CAF_CHECK(!client(server->port()).connected());
  old.write(framed("still here"));
  CAF_CHECK_EQUAL(old.read(14), framed("still here"));
}

CAF_TEST(a bound port is reserved and refuses clients until it is started) {
  std::string error;
  auto bound = server::bind({}, error);
  CAF_REQUIRE(bound != nullptr);
  CAF_CHECK(!client(bound->port()).connected());
  CAF_CHECK(bound->start([](std::shared_ptr<session>) { return nullptr; }, error));
  CAF_CHECK(client(bound->port()).connected());
  server_options same;
  same.port = bound->port();
  CAF_CHECK(server::bind(same, error) == nullptr);
  CAF_CHECK(server::bind({}, error) != nullptr);  // and goes without a start
}

CAF_TEST(a port that is taken is an error with words) {
  recorder seen;
  auto first = serve(seen);
  server_options options;
  options.port = first->port();
  std::string error;
  CAF_CHECK(server::start(options, nullptr, error) == nullptr);
  CAF_CHECK(error.find("cannot listen on 127.0.0.1:") == 0);
}
