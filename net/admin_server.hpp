#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::net {

struct http_answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Path (e.g. "/health") to the function that answers GET on it. Thread: the admin thread; must not block.
using http_routes = std::map<std::string, std::function<http_answer()>>;

/// Path to the function that answers POST on it, which changes something; it gets the query as it came (net/query.hpp).
/// A request without the header Tidegate-Admin, or with an Origin, gets 403: no page in an operator's browser can send
/// one, because browsers send the one header with every POST, and never the other without asking this server first.
/// Thread: the admin thread; may wait for a short time, for which everybody waits.
using http_actions = std::map<std::string, std::function<http_answer(std::string_view query)>>;

struct admin_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                // 0: any free port
  std::size_t max_connections = 64;      // one more takes the place of the one that asked for nothing the longest
  std::size_t max_header_bytes = 8192;
  // Of answers that clients have not taken yet; above it they get 503, so the last answer may cross it.
  std::size_t max_unsent_bytes = std::size_t{16} << 20;
  std::chrono::milliseconds timeout{10000};  // for one request, one answer and between requests
};

/// The HTTP port of operators: GET, HEAD and POST without a body on fixed paths, one thread of its own.
/// Thread: any but its own.
class admin_server {
 public:
  /// Listens; on failure returns nullptr and says why in `error`.
  static std::unique_ptr<admin_server> start(admin_options options, http_routes routes, http_actions actions,
                                             std::string& error);

  ~admin_server();
  admin_server(const admin_server&) = delete;
  admin_server& operator=(const admin_server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Closes everything and joins the thread. Idempotent.
  void stop();

 private:
  struct implementation;
  explicit admin_server(std::unique_ptr<implementation> impl);
  std::unique_ptr<implementation> impl_;
};

}  // namespace tidegate::net
