#pragma once

#include "net/connection_log.hpp"
#include "net/node_budget.hpp"
#include "net/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tidegate::net {

class work_pool;

/// What a client may use up before the server stops reading from it or closes it.
struct session_limits {
  std::size_t max_frame_bytes = 104857600;         // Kafka's default socket.request.max.bytes
  std::size_t max_requests_in_flight = 100;        // delivered and not released
  std::size_t max_bytes_in_flight = 104857600;     // the frame that crosses it is still read to its end
  std::size_t max_unsent_bytes = 104857600;        // answers that the client has not taken yet
  std::chrono::milliseconds first_byte_timeout{10000};
  std::chrono::milliseconds idle_timeout{600000};  // Kafka's default connections.max.idle.ms
  std::chrono::milliseconds frame_grace{10000};    // a started frame may come at any speed for so long
  std::size_t frame_bytes_per_second = 1024;       // and at this one, on average, after it
  std::chrono::milliseconds drain_timeout{30000};  // for the last answers after close() or the client's half-close
};

struct server_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;             // 0: any free port
  std::shared_ptr<work_pool> pool;    // whose threads serve the connections; nullptr: one of the server's own
  std::size_t io_threads = 1;         // of such a one
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_address = 1000;
  std::size_t connections_per_second = 100;  // new ones of one address, on average over ten seconds
  session_limits limits;
  node_limits node;  // of all connections together
  log_function log;
};

/// Makes the owner of a new connection. Thread: the connection's io thread. nullptr refuses the connection.
using accept_function = std::function<std::shared_ptr<frame_handler>(std::shared_ptr<session>)>;

/// A listening socket and its connections on the threads of a pool, which must not end before the server is stopped.
/// Thread: any but these.
class server {
 public:
  /// Reserves the port; clients are refused until start(). On failure returns nullptr and says why in `error`.
  static std::unique_ptr<server> bind(server_options options, std::string& error);

  /// Listens and accepts. Once. On failure returns false and says why in `error`.
  bool start(accept_function on_accept, std::string& error);

  /// Both.
  static std::unique_ptr<server> start(server_options options, accept_function on_accept, std::string& error);

  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] const node_budget& budget() const;
  [[nodiscard]] const std::shared_ptr<work_pool>& pool() const;

  /// Other limits from now on, for connections that are there, too, but for `max_frame_bytes`. Address and threads of a
  /// server that was started stay.
  void follow(const server_options& options);

  /// Closes the listening socket; connections go on. Idempotent.
  void stop_accepting();

  /// Closes everything at once; on_closed has been called for every connection. Idempotent.
  void stop();

 private:
  struct implementation;
  explicit server(std::unique_ptr<implementation> impl);
  std::unique_ptr<implementation> impl_;
};

}  // namespace tidegate::net
