#include "net/admin_server.hpp"

#include "net/listen.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace tidegate::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

class http_session;

/// Lives on the admin thread, which is the only one that touches it after the start.
struct admin_state {
  admin_options options;
  http_routes routes;
  http_actions actions;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer retry{context};
  std::set<http_session*> sessions;
  std::size_t unsent_bytes = 0;
};

class http_session : public std::enable_shared_from_this<http_session> {
 public:
  http_session(admin_state& state, tcp::socket socket) : state_(state), stream_(std::move(socket)) {
    state_.sessions.insert(this);
  }
  ~http_session() {
    state_.sessions.erase(this);
    hold_unsent(0);
  }
  http_session(const http_session&) = delete;
  http_session& operator=(const http_session&) = delete;

  void read_next() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(state_.options.max_header_bytes));
    parser_->body_limit(0);
    waits_since_ = std::chrono::steady_clock::now();
    stream_.expires_after(state_.options.timeout);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code failed, std::size_t) {
      self->waits_since_.reset();
      if (!failed) return self->answer();
      if (failed == http::error::end_of_stream || failed == beast::error::timeout) return self->close();
      if (failed.category() == http::make_error_code(http::error::bad_method).category()) return self->reject();
    });
  }

  /// Since when it waits for a request; nothing: it does not.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> waits_since() const { return waits_since_; }

  void close() {
    error_code ignored;
    waits_since_.reset();
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

 private:
  /// `table` has what answers this method, `others` what answers others.
  template <class Table, class Others, class... Arguments>
  http_answer call(const Table& table, const Others& others, const std::string& path, Arguments... arguments) const {
    const auto found = table.find(path);
    if (state_.unsent_bytes > state_.options.max_unsent_bytes)
      return {.status = 503, .body = "too many answers are not taken yet\n"};
    if (found == table.end() && others.contains(path)) return {.status = 405, .body = "not by this method\n"};
    if (found == table.end()) return {.status = 404, .body = "not found\n"};
    try {
      return found->second(arguments...);
    } catch (const std::exception& failure) {
      return {.status = 500, .body = std::string(failure.what()) + '\n'};
    }
  }

  [[nodiscard]] http_answer act(const std::string& path, std::string_view query) const {
    const auto& request = parser_->get();
    if (request.count("Tidegate-Admin") == 0 || request.count(http::field::origin) != 0)
      return {.status = 403, .body = "needs the header Tidegate-Admin, and is not for browsers\n"};
    return call(state_.actions, state_.routes, path, query);
  }

  void answer() {
    const auto& request = parser_->get();
    const auto method = request.method();
    const std::string target(request.target());
    const auto path = target.substr(0, target.find('?'));
    const auto finish = [&](http_answer made, bool head_only = false) {
      write(std::move(made), request.version(), request.keep_alive(), head_only);
    };
    if (method == http::verb::post) return finish(act(path, target.substr(std::min(path.size() + 1, target.size()))));
    if (method == http::verb::get || method == http::verb::head)
      return finish(call(state_.routes, state_.actions, path), method == http::verb::head);
    finish({.status = 405, .body = "only GET, HEAD and POST\n"});
  }

  void reject() { write({400, "text/plain; charset=utf-8", "bad request\n"}, 11, false); }

  void write(http_answer from, unsigned version, bool keep_alive, bool head_only = false) {
    response_ = {};
    response_.version(version);
    response_.result(from.status);
    response_.set(http::field::content_type, from.content_type);
    response_.set("X-Content-Type-Options", "nosniff");
    if (from.status == 405) response_.set(http::field::allow, "GET, HEAD, POST");
    response_.keep_alive(keep_alive);
    response_.body() = std::move(from.body);
    response_.prepare_payload();
    if (head_only) response_.body().clear();  // Content-Length stays that of the GET
    hold_unsent(response_.body().size());
    stream_.expires_after(state_.options.timeout);
    http::async_write(stream_, response_, [self = shared_from_this(), keep_alive](error_code failed, std::size_t) {
      self->hold_unsent(0);
      if (failed || !keep_alive) return self->close();
      self->read_next();
    });
  }

  void hold_unsent(std::size_t bytes) {
    state_.unsent_bytes += bytes - std::exchange(unsent_, bytes);
  }

  admin_state& state_;
  std::size_t unsent_ = 0;
  std::optional<std::chrono::steady_clock::time_point> waits_since_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

struct admin_server::implementation : admin_state {
  bool listen(std::string& why) {
    if (!listen_on(acceptor, options.host, options.port, why)) return false;
    port = acceptor.local_endpoint().port();
    return true;
  }

  void accept_next() {
    acceptor.async_accept([this](error_code failed, tcp::socket socket) {
      if (!acceptor.is_open()) return;
      if (failed) {
        retry.expires_after(std::chrono::milliseconds(100));
        retry.async_wait([this](error_code cancelled) {
          if (!cancelled) accept_next();
        });
        return;
      }
      if (sessions.size() < options.max_connections || close_longest_silent())
        std::make_shared<http_session>(*this, std::move(socket))->read_next();
      accept_next();
    });
  }

  /// So that connections which ask for nothing do not keep a probe out. False: all others are being answered.
  bool close_longest_silent() {
    http_session* longest = nullptr;
    for (auto* one : sessions)
      if (one->waits_since() && (longest == nullptr || *one->waits_since() < *longest->waits_since())) longest = one;
    if (longest == nullptr) return false;
    longest->close();
    return true;
  }

  void stop() {
    if (!thread.joinable()) return;
    asio::post(context, [this] {
      error_code ignored;
      acceptor.close(ignored);
      retry.cancel();
      for (auto* one : sessions) one->close();
    });
    thread.join();
  }

  std::uint16_t port = 0;
  std::thread thread;
};

std::unique_ptr<admin_server> admin_server::start(admin_options options, http_routes routes, http_actions actions,
                                                  std::string& error) {
  auto impl = std::make_unique<implementation>();
  impl->options = std::move(options);
  impl->routes = std::move(routes);
  impl->actions = std::move(actions);
  if (!impl->listen(error)) return nullptr;
  impl->accept_next();
  impl->thread = std::thread([context = &impl->context] { context->run(); });
  return std::unique_ptr<admin_server>(new admin_server(std::move(impl)));
}

admin_server::admin_server(std::unique_ptr<implementation> impl) : impl_(std::move(impl)) {}
admin_server::~admin_server() { impl_->stop(); }
std::uint16_t admin_server::port() const { return impl_->port; }
void admin_server::stop() { impl_->stop(); }

}  // namespace tidegate::net
