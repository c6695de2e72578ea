#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace tidegate::net {

/// Internal to net/: opens, binds and listens; on failure returns false and says why in `error`.
inline bool listen_on(boost::asio::ip::tcp::acceptor& acceptor, const std::string& host, std::uint16_t port,
                      std::string& error) {
  using boost::asio::ip::tcp;
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, failed);
  if (failed) return error = "cannot listen on " + host + ": not an IP address", false;
  const tcp::endpoint endpoint{address, port};
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  if (failed) return error = "cannot listen on " + host + ":" + std::to_string(port) + ": " + failed.message(), false;
  return true;
}

}  // namespace tidegate::net
