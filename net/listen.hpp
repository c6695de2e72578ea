#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace tidegate::net {

/// Internal to net/. All return false on failure and say why in `error`.
inline bool cannot_listen(const std::string& host, std::uint16_t port, const std::string& why, std::string& error) {
  error = "cannot listen on " + host + ":" + std::to_string(port) + ": " + why;
  return false;
}

/// Opens and binds: the port is ours if nobody listens on it, and clients are still refused.
inline bool bind_to(boost::asio::ip::tcp::acceptor& acceptor, const std::string& host, std::uint16_t port,
                    std::string& error) {
  using boost::asio::ip::tcp;
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, failed);
  if (failed) return error = "cannot listen on " + host + ": not an IP address", false;
  const tcp::endpoint endpoint{address, port};
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  return !failed || cannot_listen(host, port, failed.message(), error);
}

inline bool listen_on(boost::asio::ip::tcp::acceptor& acceptor, const std::string& host, std::uint16_t port,
                      std::string& error) {
  if (!acceptor.is_open() && !bind_to(acceptor, host, port, error)) return false;
  boost::system::error_code failed;
  acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  return !failed || cannot_listen(host, port, failed.message(), error);
}

}  // namespace tidegate::net
