#pragma once

#include "messages/common/bytes.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tidegate::cli::bench {

using clock = std::chrono::steady_clock;

struct broker_address {
  std::string host;
  std::uint16_t port = 0;
  auto operator<=>(const broker_address&) const = default;
};
std::string words_of(const broker_address& at);  // HOST:PORT

/// Closes a socket.
struct socket_owner {
  int descriptor = -1;
  socket_owner() = default;
  socket_owner(const socket_owner&) = delete;
  socket_owner& operator=(const socket_owner&) = delete;
  ~socket_owner();
};

/// A connection without TLS that carries Kafka's frames. Never blocks once it stands, but in `wait`.
/// What comes is read into one buffer that is used again and again, and handed out in place.
/// Errors of all calls: kafka_failure that names the broker.
class wire_connection {
 public:
  /// Connects within `timeout`.
  wire_connection(broker_address at, std::chrono::milliseconds timeout);

  [[nodiscard]] int descriptor() const { return socket_.descriptor; }
  [[nodiscard]] const broker_address& broker() const { return at_; }

  /// Sends as much as goes at once; the bytes must stay until `is_sending` is false. Only while it is.
  void send(byte_view frame);
  void send_more();
  [[nodiscard]] bool is_sending() const { return !unsent_.empty(); }

  /// The next frame without its length, valid until the next call; nothing when it is not there in full yet.
  std::optional<byte_view> receive();

  /// Until it can be read (or, while it is sending, written); false when that took too long.
  [[nodiscard]] bool wait(clock::time_point until) const;

 private:
  bool fill();
  void make_room(std::size_t size);
  [[noreturn]] void fail(const std::string& why) const;

  broker_address at_;
  socket_owner socket_;
  byte_view unsent_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;  // what was read and not handed out
  bool is_drained_ = false;          // the last read took all there was
};

}  // namespace tidegate::cli::bench
