#pragma once

#include "messages/kafka/codec.hpp"

#include "caf/test/unit_test.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace tidegate::test {

/// A blocking connection to a port of this machine.
class socket_client {
 public:
  explicit socket_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(port);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&name), sizeof(name)) != 0) CAF_FAIL("cannot connect");
  }
  ~socket_client() { ::close(socket_); }
  socket_client(const socket_client&) = delete;
  socket_client& operator=(const socket_client&) = delete;

  /// Of versions with the old header.
  template <class Response, class Request>
  Response call(const Request& request, std::int16_t version) {
    auto answer = ask<Response>(request, version);
    if (!answer) CAF_FAIL("no answer");
    return *answer;
  }

  /// The same. nullopt: the connection ended, or 20 s were too short.
  template <class Response, class Request>
  std::optional<Response> ask(const Request& request, std::int16_t version) {
    const auto body = kafka::join(kafka::encode(request, version));
    std::string frame;
    const auto number = [&](std::uint32_t value, int bytes) {
      for (int i = bytes - 1; i >= 0; --i) frame.push_back(static_cast<char>(value >> (8 * i)));
    };
    number(static_cast<std::uint32_t>(body.size()) + 10, 4);
    number(static_cast<std::uint16_t>(Request::api), 2);
    number(static_cast<std::uint16_t>(version), 2);
    number(7, 4);
    number(0xffff, 2);  // no client id
    frame.append(reinterpret_cast<const char*>(body.data()), body.size());
    if (::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size())) return {};
    const auto head = receive(4);
    if (!head) return {};
    std::size_t size = 0;
    for (const char c : *head) size = size << 8U | static_cast<unsigned char>(c);
    const auto answer = receive(size);
    if (!answer) return {};
    auto decoded = kafka::decode<Response>(shared_bytes::copy_of(as_byte_view(*answer).subspan(4)), version);
    if (!decoded) CAF_FAIL("the answer cannot be decoded");
    return decoded;
  }

 private:
  std::optional<std::string> receive(std::size_t size) {
    std::string bytes(size, '\0');
    if (::recv(socket_, bytes.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) return {};
    return bytes;
  }

  int socket_;
};

/// Nobody listens there now.
inline std::uint16_t free_port() {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  if (::bind(s, reinterpret_cast<sockaddr*>(&name), size) != 0 ||
      ::getsockname(s, reinterpret_cast<sockaddr*>(&name), &size) != 0)
    CAF_FAIL("no free port");
  ::close(s);
  return ntohs(name.sin_port);
}

}  // namespace tidegate::test
