#pragma once

#include "smq/seaweedmq/http/event_loop.hpp"
#include "smq/seaweedmq/http/http_message.hpp"
#include "smq/seaweedmq/http/tls_client.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace tidegate::smq::seaweedmq {

/// One connection to one server, one request at a time. Thread: the loop's.
class http_connection {
 public:
  /// What became of a request; `stale`: the connection had been used before and broke before any byte of an answer
  /// came, as it does when the server closes an idle one.
  using completion = std::function<void(http_result, bool stale)>;

  using request_ptr = std::shared_ptr<const http_request>;

  /// Opens nothing yet. `server` must be one by `is_server`. `tls`: set for HTTPS, and nothing else then; must outlive
  /// the connection's last request.
  static std::shared_ptr<http_connection> make(event_loop& loop, const std::string& server, tls_client* tls);
  virtual ~http_connection() = default;

  /// Connects if that has not happened, sends and reads the answer. Calls `done` exactly once, by the deadline, and
  /// never before it returns.
  virtual void run(request_ptr request, completion done) = 0;

  /// True when another request may be run.
  [[nodiscard]] virtual bool is_reusable() const = 0;

  /// Until the next `run`: calls `gone` once when the server closes, or says something unasked, or after `patience`.
  virtual void rest(std::chrono::milliseconds patience, std::function<void()> gone) = 0;

  /// Gives up what runs (its `done` is called) and closes.
  virtual void close(const std::string& reason) = 0;
};

}  // namespace tidegate::smq::seaweedmq
