#include "smq/seaweedmq/http/http_connection.hpp"

#include "smq/seaweedmq/http/wire.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <cstring>
#include <optional>
#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

/// A view of buffers that Asio may copy for nothing.
struct buffer_window {
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  const_iterator first;
  const_iterator last;
  [[nodiscard]] const_iterator begin() const { return first; }
  [[nodiscard]] const_iterator end() const { return last; }
};

/// Asio's own condition moves at most 64 KiB per system call.
struct everything {
  std::size_t operator()(const error_code& failed, std::size_t) const { return failed ? 0 : std::size_t{8} << 20; }
};

class beast_connection final : public http_connection, public std::enable_shared_from_this<beast_connection> {
  /// A handler that does nothing when the request or rest it belongs to is over.
  template <class F>
  auto guarded(F then) {
    return [self = shared_from_this(), turn = turn_, then](error_code failed, auto&&...) {
      if (self->turn_ == turn) then(*self, failed);
    };
  }

  template <class F>
  void set_alarm(time_point at, F then) {
    alarm_.expires_at(at);
    alarm_.async_wait(guarded([then](auto& self, error_code failed) {
      if (!failed) then(self);
    }));
  }

 public:
  beast_connection(asio::io_context& context, const std::string& server, tls_client* tls)
    : wire_(context), resolver_(context), alarm_(context), tls_(tls) {
    const auto colon = server.rfind(':');
    host_ = server.substr(0, colon);
    port_ = server.substr(colon + 1);
    if (host_.front() == '[') host_ = host_.substr(1, host_.size() - 2);
  }

  void run(request_ptr request, completion done) override {
    resting_ = {};
    ++turn_;
    request_ = std::move(request);
    done_ = std::move(done);
    first_use_ = !std::exchange(used_, true);
    sent_ = written_ = got_bytes_ = false;
    set_alarm(request_->deadline, [](auto& self) { self.finish_with("deadline"); });
    if (!connected_) return connect();
    error_code ignored;
    wire_.socket().cancel(ignored);  // the wait of rest()
    exchange();
  }

  [[nodiscard]] bool is_reusable() const override { return connected_ && !done_; }

  void rest(std::chrono::milliseconds patience, std::function<void()> gone) override {
    resting_ = std::move(gone);
    set_alarm(std::chrono::steady_clock::now() + patience, [](auto& self) { self.leave(); });
    wire_.socket().async_wait(tcp::socket::wait_read, guarded([](auto& self, error_code) { self.leave(); }));
  }

  void close(const std::string& reason) override {
    if (done_) finish_with(reason);
    disconnect();
  }

 private:
  void leave() {
    disconnect();
    if (auto gone = std::exchange(resting_, {})) gone();
  }

  void disconnect() {
    ++turn_;
    connected_ = false;
    alarm_.cancel();
    resolver_.cancel();
    error_code ignored;
    wire_.socket().close(ignored);
  }

  void connect() {
    error_code not_numeric;
    const auto address = asio::ip::make_address(host_, not_numeric);
    if (not_numeric) {
      resolver_.async_resolve(host_, port_, [self = shared_from_this(), turn = turn_](error_code failed, auto found) {
        if (self->turn_ != turn) return;
        if (failed) return self->finish_with("cannot resolve " + self->host_ + ": " + failed.message());
        asio::async_connect(self->wire_.socket(), found, self->guarded([](auto& me, error_code why) { me.on_connect(why); }));
      });
      return;
    }
    const auto port = static_cast<std::uint16_t>(std::strtoul(port_.c_str(), nullptr, 10));
    wire_.socket().async_connect({address, port}, guarded([](auto& self, error_code why) { self.on_connect(why); }));
  }

  void on_connect(error_code failed) {
    if (failed) return finish_with("cannot connect to " + request_->server + ": " + failed.message());
    connected_ = true;
    wire_.socket().set_option(tcp::no_delay(true), failed);
    if (tls_ != nullptr) return shake_hands();
    exchange();
  }

  void shake_hands() {
    const auto context = tls_->context();
    if (!context) return finish_mismatched(tls_->trouble());
    wire_.secure(context, host_);
    wire_.tls()->async_handshake(asio::ssl::stream_base::client, guarded([](auto& self, error_code why) {
                                   if (why) return self.on_broken("cannot connect to ", why);
                                   self.exchange();
                                 }));
  }

  /// `what`: as in "no answer from ". The handshake of TLS 1.3 is over before the server has seen our certificate.
  void on_broken(const std::string& what, error_code failed) {
    auto reason = what + request_->server + ": " + failed.message();
    if (!wire_.tls() || !first_use_ || got_bytes_) return finish_with(std::move(reason));
    const bool said = failed.category() == asio::error::get_ssl_category();
    const auto meaning = said ? tls_->meaning_of(static_cast<unsigned long>(failed.value()), wire_.verified())
                              : sent_ ? tls_->meaning_of_silence() : std::string{};
    if (meaning.empty()) return finish_with(std::move(reason));
    finish_mismatched(what + request_->server + ": " + meaning);
  }

  void finish_mismatched(std::string reason) {
    result_.mismatch = true;
    finish_with(std::move(reason));
  }

  /// Writes and reads at the same time: a server that refuses an upload answers before it has read it.
  void exchange() {
    sent_ = true;
    head_ = head_of(*request_);
    buffers_.clear();
    buffers_.emplace_back(head_.data(), head_.size());
    for (const auto& part : request_->body) buffers_.emplace_back(part.data(), part.size());
    const auto* first = buffers_.data();
    // A failed write is not the end: the answer may be there. If it is not, the read fails as well.
    // TLS may encrypt what it was given after the socket is closed: the handlers keep the bytes.
    asio::async_write(wire_, buffer_window{first, first + buffers_.size()}, everything{},
                      guarded([body = request_](auto& self, error_code why) { self.written_ = !why; }));
    parser_.emplace();
    parser_->skip(true);  // the body is read here, straight into its place
    parser_->body_limit(boost::none);
    http::async_read_header(wire_, input_, *parser_, guarded([](auto& self, error_code why) { self.on_head(why); }));
  }

  void on_head(error_code failed) {
    got_bytes_ = parser_->got_some() || input_.size() > 0;
    if (failed) return on_broken("no answer from ", failed);
    const auto& head = parser_->get();
    result_.response.status = head.result_int();
    set_fields(head);
    const auto status = result_.response.status;
    const auto length = parser_->content_length();
    const bool bodiless = status == 204 || status == 304;
    if (status == 400 && !length && tls_ == nullptr)  // how Go's servers answer plain HTTP when they want TLS
      return finish_mismatched(request_->server + " turns plain HTTP down: it may want smq.https");
    if (status < 200 || parser_->chunked() || (!length && !bodiless))
      return finish_with("an answer of unknown length from " + request_->server);
    const bool wanted = request_->verb == http_verb::get && (status == 200 || status == 206);
    if (!bodiless && *length > (wanted ? request_->count : max_side_body))
      return finish_with("an answer longer than asked for from " + request_->server);
    if (bodiless || *length == 0) return finish_answered();
    read_body(static_cast<std::size_t>(*length));
  }

  template <class Head>
  void set_fields(const Head& head) {
    auto etag = std::string_view(head[http::field::etag].data(), head[http::field::etag].size());
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    result_.response.etag = etag;
    const auto mark = head["Tidegate"];
    result_.response.mark.assign(mark.data(), mark.size());
    const auto text = head[http::field::content_range];
    if (const auto range = parse_content_range({text.data(), text.size()})) {
      result_.response.position = range->position.value_or(0);
      result_.response.total = range->total;
    }
  }

  void read_body(std::size_t size) {
    const std::shared_ptr<std::byte[]> room = std::make_shared_for_overwrite<std::byte[]>(size);
    const auto early = std::min(size, input_.size());  // what came with the head
    std::memcpy(room.get(), input_.data().data(), early);
    input_.consume(early);
    result_.response.body = shared_bytes(room, {room.get(), size});
    if (early == size) return finish_answered();
    asio::async_read(wire_, asio::buffer(room.get() + early, size - early), everything{},
                     guarded([room](auto& self, error_code failed) {
                       if (failed) return self.finish_with("half an answer from " + self.request_->server);
                       self.finish_answered();
                     }));
  }

  void finish_answered() {
    result_.answered = true;
    // Bytes behind the answer were not asked for; after an early answer the server does not read the rest.
    const bool clean = written_ && parser_->keep_alive() && input_.size() == 0 && !wire_.has_unread();
    if (clean) alarm_.cancel();
    finish(clean, false);
  }

  void finish_with(std::string reason) {
    if (!done_) return;
    result_.answered = false;
    result_.reason = std::move(reason);
    finish(false, sent_ && !first_use_ && !got_bytes_);
  }

  /// The last thing a handler does: `done` may run the next request.
  void finish(bool keep, bool stale) {
    if (!keep) disconnect();
    result_.sent = sent_;
    request_.reset();
    const auto done = std::exchange(done_, {});
    done(std::exchange(result_, {}), stale);
  }

  wire wire_;
  tcp::resolver resolver_;
  asio::steady_timer alarm_;  // deadline of a request, or end of a rest
  tls_client* tls_;  // null: plain HTTP
  std::string host_;
  std::string port_;
  std::uint64_t turn_ = 0;  // handlers of an earlier one do nothing
  bool connected_ = false;
  bool used_ = false;
  bool first_use_ = true;
  bool sent_ = false;
  bool written_ = false;
  bool got_bytes_ = false;
  request_ptr request_;
  completion done_;
  std::function<void()> resting_;
  std::string head_;
  std::vector<asio::const_buffer> buffers_;
  beast::flat_buffer input_;
  std::optional<http::response_parser<http::empty_body>> parser_;
  http_result result_;
};

}  // namespace

std::shared_ptr<http_connection> http_connection::make(event_loop& loop, const std::string& server, tls_client* tls) {
  return std::make_shared<beast_connection>(loop.context(), server, tls);
}

}  // namespace tidegate::smq::seaweedmq
