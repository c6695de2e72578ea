#define CAF_SUITE http_post
#include "actors/cli/http_post.hpp"

#include "actors/cli/bench/wire_connection.hpp"

#include "caf/test/unit_test.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <stdexcept>
#include <thread>

using namespace tidegate::cli;
using namespace std::chrono_literals;

namespace {

/// Answers one connection in a thread of its own.
class server {
 public:
  /// `answer` gets the connection when the request has begun to come.
  explicit server(std::function<void(int connection)> answer) {
    socket_.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(any);
    auto* where = reinterpret_cast<sockaddr*>(&any);
    CAF_REQUIRE_EQUAL(bind(socket_.descriptor, where, size), 0);
    CAF_REQUIRE_EQUAL(listen(socket_.descriptor, 1), 0);
    CAF_REQUIRE_EQUAL(getsockname(socket_.descriptor, where, &size), 0);
    port = std::to_string(ntohs(any.sin_port));
    thread_ = std::thread{[this, answer = std::move(answer)] {
      bench::socket_owner one;
      one.descriptor = accept(socket_.descriptor, nullptr, nullptr);
      std::string part(4096, '\0');
      while (request.find("\r\n\r\n") == std::string::npos) {
        const auto got = recv(one.descriptor, part.data(), part.size(), 0);
        if (got <= 0) return;
        request.append(part, 0, static_cast<std::size_t>(got));
      }
      answer(one.descriptor);
    }};
  }
  ~server() { thread_.join(); }

  std::string port;
  std::string request;

 private:
  bench::socket_owner socket_;
  std::thread thread_;
};

bool say(int connection, const std::string& text) {
  return ::send(connection, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

/// Until the client goes.
void wait_for_end(int connection) {
  char one = 0;
  while (recv(connection, &one, 1, 0) > 0) {
  }
}

std::string failure(const std::string& port, std::chrono::milliseconds patience = 20s) {
  try {
    http_post("127.0.0.1", port, "/", {"A", "b"}, patience);
  } catch (const std::runtime_error& why) {
    return why.what();
  }
  return "";
}

}  // namespace

CAF_TEST(a request is sent as it is wanted and its answer read) {
  std::string heard;
  {
    server one{[](int c) { say(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever"); }};
    const auto answer = http_post("127.0.0.1", one.port, "/release?group=%41", {"Tidegate-Admin", "x"}, 20s);
    CAF_CHECK_EQUAL(answer.status, 403u);
    CAF_CHECK_EQUAL(answer.body, "never");
    heard = one.request;
  }
  CAF_CHECK(heard.starts_with("POST /release?group=%41 HTTP/1.1\r\n"));
  for (const auto* line : {"Tidegate-Admin: x\r\n", "Content-Length: 0\r\n", "Connection: close\r\n", "Host: 127.0.0.1:"})
    CAF_CHECK(heard.find(line) != std::string::npos);
}

CAF_TEST(who never answers is left in time) {
  const server one{wait_for_end};
  CAF_CHECK_EQUAL(failure(one.port, 100ms), "no answer in time");
}

CAF_TEST(who answers for ever is left in time) {
  const server one{[](int c) {
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
    pollfd end{c, POLLIN, 0};
    while (::poll(&end, 1, 1) == 0 && say(c, "x")) {  // a minute for all of it
    }
  }};
  CAF_CHECK_EQUAL(failure(one.port, 200ms), "no answer in time");
}

CAF_TEST(what is no answer is said so) {
  {
    const server one{[](int c) { say(c, "SSH-2.0-OpenSSH_9.2\r\n"); }};
    CAF_CHECK(failure(one.port).starts_with("the answer is not HTTP"));
  }
  {
    const server one{[](int c) {
      say(c, "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n");
      wait_for_end(c);
    }};
    CAF_CHECK(failure(one.port).starts_with("the answer is not HTTP, or too long"));
  }
  const server one{[](int) {}};
  CAF_CHECK(!failure(one.port).empty());
}

CAF_TEST(a port that nobody listens on is refused) {
  std::string port;
  {
    const server one{[](int) {}};
    port = one.port;
    CAF_CHECK(!failure(port).empty());
  }
  CAF_CHECK(failure(port).find("refused") != std::string::npos);
}
