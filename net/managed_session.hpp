#pragma once

#include "net/frame_reader.hpp"
#include "net/node_budget.hpp"
#include "net/server.hpp"
#include "net/work_pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

/// Internal to net/: what the server and its sessions know of each other.
namespace tidegate::net {

namespace asio = boost::asio;
using asio_error = boost::system::error_code;
using steady_time = std::chrono::steady_clock::time_point;

class managed_session;

/// One thread of the pool with the connections that live on it: a session needs no strand because its thread is its
/// strand ("io thread"). Sessions own it together with the server, so one that an actor still holds never outlives its
/// io_context.
struct io_worker {
  io_worker(std::shared_ptr<work_pool> of, std::size_t thread) : pool(std::move(of)), context(pool->context(thread)) {}

  const std::shared_ptr<work_pool> pool;
  asio::io_context& context;
  std::unordered_map<std::uint64_t, std::shared_ptr<managed_session>> sessions;  // only on the thread of `context`
  session_limits limits;
  std::atomic<std::size_t> max_unsent_bytes = 0;  // of them, for every thread
  std::shared_ptr<connection_log> log;          // of all workers together
  std::shared_ptr<node_budget> budget;          // likewise

  void follow(const session_limits& to) {
    limits = to;
    max_unsent_bytes = to.max_unsent_bytes;
  }
};

class managed_session : public session, public std::enable_shared_from_this<managed_session> {
 public:
  virtual void start(const accept_function& on_accept) = 0;                       // io thread
  virtual void finish(const std::string& reason) = 0;                             // io thread
  [[nodiscard]] virtual const char* expired(steady_time now) const = 0;           // io thread; nullptr: go on
};

template <class Stream>
struct stream_traits;

template <>
struct stream_traits<asio::ip::tcp::socket> {
  static void open(asio::ip::tcp::socket&, auto done) { done(asio_error{}); }  // TLS: async_handshake
  static void close(asio::ip::tcp::socket& socket) {
    asio_error ignored;
    socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
  }
};

/// What a bad frame length most likely is; empty when nothing comes to mind.
std::string guess_of_bad_length(std::int32_t length);

}  // namespace tidegate::net
