#include "actors/settings/socket_options.hpp"

#include <utility>

namespace tidegate::actors {

net::server_options server_options_of(const options& settings, net::log_function log) {
  host_port where;
  parse_host_port(settings.listen, where);
  net::server_options made;
  made.host = where.host;
  made.port = where.port;
  made.max_connections = static_cast<std::size_t>(settings.kafka.max_connections);
  made.max_connections_per_address = static_cast<std::size_t>(settings.kafka.max_connections_per_ip);
  made.connections_per_second = static_cast<std::size_t>(settings.limits.connections_per_second);
  made.limits.max_frame_bytes = static_cast<std::size_t>(settings.kafka.socket_request_max_bytes);
  made.limits.max_requests_in_flight = static_cast<std::size_t>(settings.limits.requests_in_flight);
  made.limits.max_bytes_in_flight = static_cast<std::size_t>(settings.limits.bytes_in_flight);
  made.limits.max_unsent_bytes = static_cast<std::size_t>(settings.limits.unsent_bytes);
  made.limits.first_byte_timeout = std::chrono::milliseconds(settings.limits.first_byte_timeout_ms);
  made.limits.frame_grace = std::chrono::milliseconds(settings.limits.frame_grace_ms);
  made.limits.frame_bytes_per_second = static_cast<std::size_t>(settings.limits.frame_bytes_per_second);
  made.limits.idle_timeout = std::chrono::milliseconds(settings.kafka.connections_max_idle_ms);
  made.limits.drain_timeout = std::chrono::milliseconds(settings.limits.drain_timeout_ms);
  made.node.requests = static_cast<std::size_t>(settings.limits.node_requests_in_flight);
  made.node.bytes = static_cast<std::size_t>(settings.limits.node_bytes_in_flight);
  made.node.unsent_bytes = static_cast<std::size_t>(settings.limits.node_unsent_bytes);
  made.log = std::move(log);
  return made;
}

net::admin_options admin_options_of(const options& settings) {
  host_port where;
  parse_host_port(settings.admin.listen, where);
  net::admin_options made;
  made.host = where.host;
  made.port = where.port;
  return made;
}

}  // namespace tidegate::actors
