#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

/// For http_connection.cpp only: it brings Asio's TLS with it.
namespace tidegate::smq::seaweedmq {

/// A TCP connection with TLS inside or without: one stream for Asio and Beast, which may read and write at the same time.
/// Thread: the loop's.
class wire {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;
  using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  explicit wire(boost::asio::io_context& context) : socket_(context) {}

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
  [[nodiscard]] tls_stream* tls() { return tls_ ? &*tls_ : nullptr; }

  /// From here on TLS with a server whose certificate must be for `host`, a name or an address. Before anything is sent.
  void secure(std::shared_ptr<boost::asio::ssl::context> with, const std::string& host) {
    context_ = std::move(with);
    tls_.emplace(socket_, *context_);
    auto* ssl = tls_->native_handle();
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, host.c_str());
    SSL_set_tlsext_host_name(ssl, host.c_str());
  }

  /// What became of the server's certificate: X509_V_OK or an error of OpenSSL's.
  [[nodiscard]] long verified() { return SSL_get_verify_result(tls_->native_handle()); }

  /// True when bytes have come that nobody has read; without TLS the socket itself would tell.
  [[nodiscard]] bool has_unread() {
    if (!tls_) return false;
    auto* ssl = tls_->native_handle();
    return SSL_has_pending(ssl) == 1 || BIO_pending(SSL_get_rbio(ssl)) > 0;
  }

  // What a stream has.
  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& into, Handler&& then) {
    if (tls_) tls_->async_read_some(into, std::forward<Handler>(then));
    else socket_.async_read_some(into, std::forward<Handler>(then));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& then) {
    if (tls_) tls_->async_write_some(from, std::forward<Handler>(then));
    else socket_.async_write_some(from, std::forward<Handler>(then));
  }

 private:
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // that `tls_` was made of
  std::optional<tls_stream> tls_;
};

}  // namespace tidegate::smq::seaweedmq
