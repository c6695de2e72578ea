#define CAF_SUITE socket_options
#include "actors/settings/socket_options.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::actors;
using namespace std::chrono_literals;

CAF_TEST(the settings reach the sockets) {
  options from;
  from.listen = "[::1]:19092";
  from.admin.listen = "0.0.0.0:0";
  from.kafka.socket_request_max_bytes = 2000;
  from.kafka.max_connections = 3;
  from.kafka.connections_max_idle_ms = 4000;
  from.kafka.max_connections_per_ip = 6;
  from.limits.connections_per_second = 7;
  from.limits.frame_grace_ms = 8000;
  from.limits.frame_bytes_per_second = 9;
  from.limits.requests_in_flight = 5;
  from.limits.node_requests_in_flight = 10;
  from.limits.node_bytes_in_flight = 11000;
  from.limits.node_unsent_bytes = 12000;
  const auto made = server_options_of(from, nullptr);
  CAF_CHECK_EQUAL(made.host, "::1");
  CAF_CHECK_EQUAL(made.port, 19092);
  CAF_CHECK_EQUAL(made.max_connections, 3u);
  CAF_CHECK_EQUAL(made.limits.max_frame_bytes, 2000u);
  CAF_CHECK_EQUAL(made.limits.max_requests_in_flight, 5u);
  CAF_CHECK_EQUAL(made.max_connections_per_address, 6u);
  CAF_CHECK_EQUAL(made.connections_per_second, 7u);
  CAF_CHECK(made.limits.frame_grace == 8s);
  CAF_CHECK_EQUAL(made.limits.frame_bytes_per_second, 9u);
  CAF_CHECK(made.limits.idle_timeout == 4s);
  CAF_CHECK_EQUAL(made.node.requests, 10u);
  CAF_CHECK_EQUAL(made.node.bytes, 11000u);
  CAF_CHECK_EQUAL(made.node.unsent_bytes, 12000u);
  CAF_CHECK_EQUAL(admin_options_of(from).host, "0.0.0.0");
}

CAF_TEST(the default settings are the defaults of the sockets) {
  const tidegate::net::server_options own;
  const auto made = server_options_of({}, nullptr);
  CAF_CHECK_EQUAL(made.max_connections, own.max_connections);
  CAF_CHECK_EQUAL(made.max_connections_per_address, own.max_connections_per_address);
  CAF_CHECK_EQUAL(made.connections_per_second, own.connections_per_second);
  CAF_CHECK(made.limits.frame_grace == own.limits.frame_grace);
  CAF_CHECK_EQUAL(made.limits.frame_bytes_per_second, own.limits.frame_bytes_per_second);
  CAF_CHECK_EQUAL(made.limits.max_frame_bytes, own.limits.max_frame_bytes);
  CAF_CHECK_EQUAL(made.limits.max_bytes_in_flight, own.limits.max_bytes_in_flight);
  CAF_CHECK_EQUAL(made.limits.max_unsent_bytes, own.limits.max_unsent_bytes);
  CAF_CHECK_EQUAL(made.node.requests, own.node.requests);
  CAF_CHECK_EQUAL(made.node.bytes, own.node.bytes);
  CAF_CHECK_EQUAL(made.node.unsent_bytes, own.node.unsent_bytes);
  CAF_CHECK(made.limits.idle_timeout == own.limits.idle_timeout);
  CAF_CHECK(made.limits.first_byte_timeout == own.limits.first_byte_timeout);
}
