#pragma once

#include "messages/common/bytes.hpp"
#include "net/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

/// Plain blocking sockets and a recording handler for the tests of net/.
namespace tidegate::net::test {

inline std::string framed(const std::string& body) {
  const auto size = htonl(static_cast<std::uint32_t>(body.size()));
  return std::string(reinterpret_cast<const char*>(&size), 4) + body;
}

inline shared_bytes bytes_of(const std::string& text) { return shared_bytes::copy_of(as_byte_view(text)); }

/// A client on 127.0.0.1; every read gives up after 10 s.
class client {
 public:
  explicit client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~client() { ::close(socket_); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  bool write(const std::string& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto sent = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      done += static_cast<std::size_t>(sent);
    }
    return true;
  }

  /// Writes what the kernel takes at once, up to all of `bytes`; stops when nothing goes for 300 ms.
  std::size_t write_until_stuck(const std::string& bytes) {
    std::size_t done = 0;
    pollfd writable{socket_, POLLOUT, 0};
    while (done < bytes.size() && ::poll(&writable, 1, 300) == 1) {
      const auto sent = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) break;
      done += static_cast<std::size_t>(sent);
    }
    return done;
  }

  /// Reads exactly `count` bytes, or fewer when the server closes.
  std::string read(std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t done = 0;
    while (done < count) {
      const auto got = ::recv(socket_, bytes.data() + done, count - done, 0);
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  std::string read_all() {
    std::string all;
    for (auto one = read(1); !one.empty(); one = read(1)) all += one;
    return all;
  }

  /// True when the server closes (end or reset) instead of staying silent for 10 s.
  bool sees_close() {
    char byte = 0;
    const auto got = ::recv(socket_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  void half_close() { ::shutdown(socket_, SHUT_WR); }

 private:
  int socket_;
  bool connected_ = false;
};

/// Records everything that one or many connections deliver; waits for conditions with a deadline.
class recorder {
 public:
  std::vector<std::string> frames;
  std::vector<std::weak_ptr<session>> senders;  // of the frames
  std::vector<std::string> logs;
  std::vector<std::shared_ptr<session>> sessions;
  std::size_t calls = 0;
  std::size_t closed = 0;
  std::function<void(session&, const std::vector<shared_bytes>&)> answer;

  template <class F>
  bool wait(F condition, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }

  template <class F>
  void change(F how) {
    std::lock_guard lock(mutex_);
    how();
    changed_.notify_all();
  }

  template <class F>
  auto look(F how) {
    std::lock_guard lock(mutex_);
    return how();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class recording_handler : public frame_handler {
 public:
  recording_handler(recorder& into, std::weak_ptr<session> of) : into_(into), of_(std::move(of)) {}

  void on_frames(std::vector<shared_bytes> frames) override {
    if (auto session = of_.lock(); session && into_.answer) into_.answer(*session, frames);
    into_.change([&] {
      ++into_.calls;
      for (const auto& one : frames) {
        into_.frames.emplace_back(as_text(one.view()));
        into_.senders.push_back(of_);
      }
    });
  }

  void on_closed() override {
    into_.change([&] { ++into_.closed; });
  }

 private:
  recorder& into_;
  std::weak_ptr<session> of_;
};

inline std::unique_ptr<server> serve(recorder& into, server_options options = {}) {
  options.log = [&into](const connection_event& event) {
    into.change([&] { into.logs.emplace_back(event.reason); });
  };
  std::string error;
  return server::start(std::move(options),
                       [&into](std::shared_ptr<session> made) {
                         into.change([&] { into.sessions.push_back(made); });
                         return std::make_shared<recording_handler>(into, made);
                       },
                       error);
}

/// Answers every frame with itself and gives the credit back.
inline void echo(session& to, const std::vector<shared_bytes>& frames) {
  for (const auto& frame : frames) {
    to.send({bytes_of(framed(std::string(as_text(frame.view()))))});
    to.release(frame.size(), 1);
  }
}

}  // namespace tidegate::net::test
