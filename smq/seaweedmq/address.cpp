#include "smq/seaweedmq/address.hpp"

#include <charconv>
#include <cstdint>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::uint32_t grpc_port_distance = 10000;

std::optional<std::uint32_t> port_of(std::string_view digits) {
  std::uint32_t port = 0;
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || port == 0 || port > 65535) return std::nullopt;
  return port;
}

}  // namespace

std::optional<std::string> grpc_target(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto host = address.substr(0, colon);
  const auto ports = address.substr(colon + 1);
  const auto dot = ports.find('.');
  const auto port = port_of(ports.substr(0, dot));
  if (!port) return std::nullopt;
  auto grpc_port = std::optional{*port + grpc_port_distance};
  if (dot != std::string_view::npos) grpc_port = port_of(ports.substr(dot + 1));
  if (!grpc_port || *grpc_port > 65535) return std::nullopt;
  return std::string{host} + ":" + std::to_string(*grpc_port);
}

}  // namespace tidegate::smq::seaweedmq
