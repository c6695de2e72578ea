#define CAF_SUITE admin_server
#include "net/admin_server.hpp"

#include "tests/net/loopback.hpp"

#include "caf/test/unit_test.hpp"

#include <stdexcept>

using namespace tidegate::net;
using tidegate::net::test::client;

namespace {

std::unique_ptr<admin_server> health_server(admin_options options = {}) {
  std::string error;
  return admin_server::start(options,
                             {{"/health", [] { return http_answer{.body = "ok\n"}; }},
                              {"/broken", []() -> http_answer { throw std::runtime_error("broken"); }}},
                             {{"/act", [](std::string_view query) { return http_answer{.body = std::string(query)}; }}},
                             error);
}

std::string ask(std::uint16_t port, const std::string& request) {
  client c(port);
  c.write(request);
  return c.read_all();
}

std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

/// What a GET of /health is answered with; "" when the connection ends before that.
std::string health_from(client& c) {
  c.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string answer;
  while (!answer.ends_with("\r\n\r\nok\n")) {
    const auto one = c.read(1);
    if (one.empty()) return "";
    answer += one;
  }
  return answer;
}

}  // namespace

CAF_TEST(get of a known path answers with its body) {
  auto server = health_server();
  const auto answer = ask(server->port(), "GET /health?verbose=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CAF_CHECK_EQUAL(status_of(answer), "HTTP/1.1 200 OK");
  CAF_CHECK(answer.ends_with("\r\n\r\nok\n"));
}

CAF_TEST(two requests use one connection) {
  auto server = health_server();
  client c(server->port());
  for (int i = 0; i < 2; ++i) {
    CAF_CHECK_EQUAL(status_of(health_from(c)), "HTTP/1.1 200 OK");
  }
}

CAF_TEST(unknown paths and other methods and failing handlers have their own status) {
  auto server = health_server();
  const auto end = std::string(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CAF_CHECK_EQUAL(status_of(ask(server->port(), "GET /nothing" + end)), "HTTP/1.1 404 Not Found");
  CAF_CHECK_EQUAL(status_of(ask(server->port(), "DELETE /health" + end)), "HTTP/1.1 405 Method Not Allowed");
  CAF_CHECK_EQUAL(status_of(ask(server->port(), "GET /broken" + end)), "HTTP/1.1 500 Internal Server Error");
  const auto head = ask(server->port(), "HEAD /health" + end);
  CAF_CHECK_EQUAL(status_of(head), "HTTP/1.1 200 OK");
  CAF_CHECK(head.ends_with("\r\n\r\n"));
}

CAF_TEST(what changes something needs POST and a header that no browser sends by itself) {
  auto server = health_server();
  const auto post = [&](const std::string& target, const std::string& headers) {
    return ask(server->port(), "POST " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
  };
  const auto done = post("/act?a=b%20c&d=e", "Tidegate-Admin: x\r\nContent-Length: 0\r\n");
  CAF_CHECK_EQUAL(status_of(done), "HTTP/1.1 200 OK");
  CAF_CHECK(done.ends_with("\r\n\r\na=b%20c&d=e"));
  CAF_CHECK(post("/act", "tidegate-admin: x\r\n").ends_with("\r\n\r\n"));
  CAF_CHECK_EQUAL(status_of(post("/act", "")), "HTTP/1.1 403 Forbidden");
  CAF_CHECK_EQUAL(status_of(post("/act", "Tidegate-Admin: x\r\nOrigin: http://x\r\n")), "HTTP/1.1 403 Forbidden");
  CAF_CHECK_EQUAL(status_of(post("/health", "Tidegate-Admin: x\r\n")), "HTTP/1.1 405 Method Not Allowed");
  CAF_CHECK_EQUAL(status_of(post("/nothing", "Tidegate-Admin: x\r\n")), "HTTP/1.1 404 Not Found");
  const std::string end = " HTTP/1.1\r\nHost: x\r\nTidegate-Admin: x\r\nConnection: close\r\n\r\n";
  CAF_CHECK_EQUAL(status_of(ask(server->port(), "GET /act" + end)), "HTTP/1.1 405 Method Not Allowed");
  CAF_CHECK_EQUAL(status_of(ask(server->port(), "OPTIONS /act" + end)), "HTTP/1.1 405 Method Not Allowed");
}

CAF_TEST(garbage and huge headers and bodies are refused) {
  auto server = health_server();
  const std::string kafka("\x00\x00\x00\x10\x00\x12\x00\x03\x00\x00\x00\x01\r\n\r\n", 16);
  for (const auto& request :
       {kafka, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n", 14),
        "GET /health HTTP/1.1\r\nX: " + std::string(100000, 'x'),
        std::string("POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")}) {
    const auto answer = ask(server->port(), request);
    CAF_CHECK(answer.empty() || status_of(answer) == "HTTP/1.1 400 Bad Request");
  }
  CAF_CHECK_EQUAL(status_of(ask(server->port(), "GET /health HTTP/1.0\r\n\r\n")), "HTTP/1.0 200 OK");
}

CAF_TEST(answers that nobody takes are bounded) {
  admin_options options;
  options.max_unsent_bytes = 1;
  std::string error;
  auto server = admin_server::start(options, {{"/large", [] { return http_answer{.body = std::string(1U << 26U, 'x')}; }},
                                              {"/small", [] { return http_answer{.body = "ok\n"}; }}},
                                    {}, error);
  const std::string end = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  {
    client slow(server->port());
    slow.write("GET /large" + end);
    CAF_CHECK_EQUAL(slow.read(15), "HTTP/1.1 200 OK");
    CAF_CHECK_EQUAL(status_of(ask(server->port(), "GET /small" + end)), "HTTP/1.1 503 Service Unavailable");
  }
  std::string status;
  for (int i = 0; i < 10000 && status != "HTTP/1.1 200 OK"; ++i)
    status = status_of(ask(server->port(), "GET /small" + end));
  CAF_CHECK_EQUAL(status, "HTTP/1.1 200 OK");
}

CAF_TEST(a client that says nothing is closed after the timeout) {
  admin_options options;
  options.timeout = std::chrono::milliseconds(100);
  auto server = health_server(options);
  client c(server->port());
  CAF_CHECK(c.sees_close());
}

CAF_TEST(a connection above the cap takes the place of the one that was silent the longest) {
  admin_options options;
  options.max_connections = 3;
  auto server = health_server(options);
  const auto asks = [](client& one) { return status_of(health_from(one)) == "HTTP/1.1 200 OK"; };
  client first(server->port()), second(server->port()), third(server->port());
  CAF_CHECK(asks(first) && asks(third) && asks(second));
  CAF_CHECK(asks(first));
  client fourth(server->port());
  CAF_CHECK(asks(fourth));
  CAF_CHECK(third.sees_close());
  CAF_CHECK(asks(second));
  client fifth(server->port());
  CAF_CHECK(asks(fifth));
  CAF_CHECK(first.sees_close());
}
