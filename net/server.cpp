#include "net/server.hpp"

#include "net/admissions.hpp"
#include "net/listen.hpp"
#include "net/stream_session.hpp"

#include <boost/asio/steady_timer.hpp>

#include <future>

namespace tidegate::net {

namespace {

using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

std::atomic<std::uint64_t> last_session_id{0};

admission_limits admissions_of(const server_options& options) {
  return {options.max_connections, options.max_connections_per_address, options.connections_per_second};
}

std::string text_of(const tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  const auto port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

/// Whoever has one IPv6 address usually has the whole /64.
std::string address_key(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  const auto bytes = v6.to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

/// Often enough for every configured timeout, at most once a second because an idle node must stay idle.
std::chrono::milliseconds tick_of(const session_limits& limits) {
  const auto shortest =
    std::min({limits.first_byte_timeout, limits.idle_timeout, limits.frame_grace, limits.drain_timeout});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, 10ms, 1000ms);
}

/// The connections of one thread.
struct io_thread {
  io_thread(const std::shared_ptr<work_pool>& pool, std::size_t thread)
    : worker(std::make_shared<io_worker>(pool, thread)) {}

  std::shared_ptr<io_worker> worker;
  asio::steady_timer ticker{worker->context};
  bool stopping = false;  // only on the thread: a tick that is already queued is not cancelled any more

  void tick() {
    ticker.expires_after(tick_of(worker->limits));
    ticker.async_wait([this](asio_error failed) {
      if (failed || stopping) return;
      const auto now = std::chrono::steady_clock::now();
      std::vector<std::pair<std::shared_ptr<managed_session>, const char*>> expired;
      for (const auto& [id, one] : worker->sessions) {
        if (const auto* why = one->expired(now)) expired.emplace_back(one, why);
      }
      for (auto& [one, why] : expired) one->finish(why);
      tick();
    });
  }

  /// Ends every session and waits until nothing refers to this any more.
  void stop() {
    std::promise<void> ended;
    asio::post(worker->context, [&] {
      stopping = true;
      ticker.cancel();
      std::vector<std::shared_ptr<managed_session>> all;
      for (const auto& [id, one] : worker->sessions) all.push_back(one);
      for (auto& one : all) one->finish("");
      // Behind the handlers of what was cancelled here.
      asio::post(worker->context, [&] { ended.set_value(); });
    });
    ended.get_future().wait();
  }
};

}  // namespace

std::string guess_of_bad_length(std::int32_t length) {
  const auto bits = static_cast<std::uint32_t>(length);
  const auto is_tls = (bits >> 16U) == 0x1603 || (bits >> 16U) == 0x1503;
  if (is_tls) return " (a TLS client on a plain listener?)";
  for (const char* method : {"GET ", "POST", "HEAD", "PUT ", "OPTI"}) {
    std::uint32_t start = 0;
    for (int i = 0; i < 4; ++i) start = start << 8U | static_cast<unsigned char>(method[i]);
    if (start == bits) return " (an HTTP client?)";
  }
  return length < 0 ? " is negative" : " is above socket.request.max.bytes";
}

struct server::implementation {
  explicit implementation(server_options from)
    : options(std::move(from)),
      closed_log(std::make_shared<connection_log>(options.log, 100, 10)),
      refused_log(options.log, 1, 1),
      admissions(std::make_shared<admissions_by_address>(admissions_of(options))),
      budget(std::make_shared<node_budget>(options.node)),
      pool(options.pool) {
    if (!pool) own_pool = pool = std::make_shared<work_pool>(std::max<std::size_t>(1, options.io_threads));
    for (std::size_t i = 0; i < pool->size(); ++i) {
      auto& one = *threads.emplace_back(std::make_unique<io_thread>(pool, i));
      one.worker->follow(options.limits);
      one.worker->budget = budget;
      one.worker->log = closed_log;
    }
    acceptor.emplace(threads.front()->worker->context);
    retry.emplace(threads.front()->worker->context);
  }

  bool bind(std::string& why) {
    if (!bind_to(*acceptor, options.host, options.port, why)) return false;
    port = acceptor->local_endpoint().port();
    return true;
  }

  bool start(accept_function accepts, std::string& why) {
    on_accept = std::move(accepts);
    if (!listen_on(*acceptor, options.host, options.port, why)) return false;
    running = true;
    for (auto& one : threads) asio::post(one->worker->context, [thread = one.get()] { thread->tick(); });
    asio::post(threads.front()->worker->context, [this] { accept_next(); });
    return true;
  }

  void accept_next() {
    if (!acceptor->is_open()) return;
    auto& target = *threads[next_thread++ % threads.size()];
    acceptor->async_accept(target.worker->context, [this, &target](asio_error failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted || !acceptor->is_open()) return;
      if (failed) return retry_after(failed);
      admit(target, std::move(socket));
      accept_next();
    });
  }

  /// Out of file descriptors or memory: without a pause this would spin.
  void retry_after(asio_error failed) {
    refused_log.write({.what = "connections cannot be accepted", .reason = failed.message()});
    retry->expires_after(100ms);
    retry->async_wait([this](asio_error cancelled) {
      if (!cancelled) accept_next();
    });
  }

  void admit(io_thread& target, tcp::socket socket) {
    asio_error failed;
    const auto remote = socket.remote_endpoint(failed);
    if (failed) return;  // gone again
    const auto now = std::chrono::steady_clock::now();
    const char* why = "";
    auto admission = admissions->admit(address_key(remote.address()), now, why);
    if (!admission) return refused_log.write({.what = "connection refused", .peer = text_of(remote), .reason = why});
    socket.set_option(tcp::no_delay(true), failed);
    socket.set_option(asio::socket_base::keep_alive(true), failed);  // a parked request may outlive its client's host
    asio::post(target.worker->context, [this, &target, socket = std::move(socket), remote,
                                        admission = std::move(admission)]() mutable {
      auto made = std::make_shared<stream_session<tcp::socket>>(target.worker, std::move(socket), ++last_session_id,
                                                                text_of(remote), std::move(admission));
      made->start(on_accept);
      if (stopping.load()) made->finish("");
    });
  }

  void follow(const server_options& to) {
    admissions->follow(admissions_of(to));
    for (auto& one : threads)
      asio::post(one->worker->context, [worker = one->worker, limits = to.limits] { worker->follow(limits); });
  }

  void stop_accepting() {
    if (!running || stopped || accept_closed.exchange(true)) return;
    std::promise<void> closed;
    asio::post(threads.front()->worker->context, [&] {
      asio_error ignored;
      acceptor->close(ignored);
      retry->cancel();
      closed.set_value();
    });
    closed.get_future().wait();
  }

  void stop() {
    if (!running || stopped) return;
    stop_accepting();
    stopped = stopping = true;
    // In this order: the first thread accepts and may still hand a connection to a later one.
    for (auto& one : threads) one->stop();
    if (own_pool) own_pool->stop();
  }

  server_options options;
  std::shared_ptr<connection_log> closed_log;
  connection_log refused_log;
  accept_function on_accept;
  std::shared_ptr<admissions_by_address> admissions;
  std::shared_ptr<node_budget> budget;
  std::shared_ptr<work_pool> pool;
  std::shared_ptr<work_pool> own_pool;  // the same, or nullptr: somebody else ends it
  std::vector<std::unique_ptr<io_thread>> threads;
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::steady_timer> retry;
  std::size_t next_thread = 0;
  std::uint16_t port = 0;
  std::atomic<bool> accept_closed{false};
  std::atomic<bool> stopping{false};
  bool running = false;
  bool stopped = false;
};

std::unique_ptr<server> server::bind(server_options options, std::string& error) {
  auto impl = std::make_unique<implementation>(std::move(options));
  if (!impl->bind(error)) return nullptr;
  return std::unique_ptr<server>(new server(std::move(impl)));
}

bool server::start(accept_function on_accept, std::string& error) { return impl_->start(std::move(on_accept), error); }

std::unique_ptr<server> server::start(server_options options, accept_function on_accept, std::string& error) {
  auto bound = bind(std::move(options), error);
  if (!bound || !bound->start(std::move(on_accept), error)) return nullptr;
  return bound;
}

server::server(std::unique_ptr<implementation> impl) : impl_(std::move(impl)) {}
server::~server() { impl_->stop(); }

std::uint16_t server::port() const { return impl_->port; }
std::size_t server::connections() const { return impl_->admissions->connections(); }
const node_budget& server::budget() const { return *impl_->budget; }
const std::shared_ptr<work_pool>& server::pool() const { return impl_->pool; }
void server::follow(const server_options& options) { impl_->follow(options); }
void server::stop_accepting() { impl_->stop_accepting(); }
void server::stop() { impl_->stop(); }

}  // namespace tidegate::net
