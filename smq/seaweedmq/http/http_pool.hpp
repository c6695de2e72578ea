#pragma once

#include "smq/seaweedmq/http/http_connection.hpp"
#include "smq/seaweedmq/http/wait_list.hpp"

#include <atomic>
#include <map>
#include <set>

namespace tidegate::smq::seaweedmq {

struct http_pool_options {
  std::size_t connections_per_server = 8;
  std::size_t queued_per_server = 1024;         // requests that wait for a connection; more are overload
  std::chrono::milliseconds idle_limit{20'000};  // less than the 30 s after which a volume server closes
};

/// Keep-alive connections to any number of servers. Thread: the loop's.
class http_pool {
 public:
  using completion = smq::completion<http_result>;

  /// `tls`: set for HTTPS; must outlive the pool.
  http_pool(event_loop& loop, http_pool_options options, tls_client* tls = nullptr)
    : loop_(loop), options_(options), tls_(tls) {}

  /// Calls `done` exactly once, by the request's deadline, possibly before it returns. A GET or DELETE whose idle
  /// connection turns out to be closed is sent once more on a new one.
  /// Errors: not answered (see `http_result`).
  void send(http_request request, completion done);

  /// Answers everything with `reason`, closes everything, and takes nothing any more.
  void close(const std::string& reason);

  /// Connections that were opened since the start. Thread: any.
  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  struct job {
    http_connection::request_ptr request;
    completion done;
    bool again = false;
  };
  using connection_ptr = std::shared_ptr<http_connection>;
  struct host {
    std::set<connection_ptr> all;
    std::vector<connection_ptr> idle;  // the one used last at the end
    std::unique_ptr<wait_list<job>> queue;
  };

  void run(const connection_ptr& on, job what);
  void open_and_run(host& at, job what);
  void finished(const std::string& server, const connection_ptr& on, job what, http_result result, bool stale);
  void next(const std::string& server, const connection_ptr& on);
  void forget(const std::string& server, const connection_ptr& gone);

  event_loop& loop_;
  http_pool_options options_;
  tls_client* tls_;
  std::map<std::string, host> hosts_;
  std::atomic<std::uint64_t> opened_{0};
  std::string closed_;  // why nothing is taken any more
};

}  // namespace tidegate::smq::seaweedmq
