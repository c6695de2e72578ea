#pragma once

#include "messages/common/counter.hpp"

namespace tidegate::net {

/// What the client port counts; see messages/common/counter.hpp. Bytes are those of Kafka's protocol on the sockets.
struct socket_counters {
  counter bytes_received;
  counter bytes_sent;
  gauge connections;
  counter accepted;
  counter rejected_by_node_limit;     // max.connections
  counter rejected_by_address_limit;  // max.connections.per.ip
  counter rejected_by_rate;           // limits.connections_per_second
  counter closed_without_first_byte;
  counter closed_idle;
  counter closed_slow_frame;
  counter closed_undrained;
  counter closed_bad_length;
  counter closed_slow_turn;  // limits.node_bytes_in_flight: too slow while others wait
  counter paused_by_requests;       // reading was stopped for limits.requests_in_flight
  counter paused_by_bytes;          // limits.bytes_in_flight
  counter paused_by_unsent;         // limits.unsent_bytes
  counter paused_by_node_requests;  // limits.node_requests_in_flight
  counter paused_by_node_bytes;     // limits.node_bytes_in_flight
  counter paused_by_node_unsent;    // limits.node_unsent_bytes
  gauge requests_in_flight;  // delivered and not released
  gauge bytes_in_flight;     // of these
};

inline constinit socket_counters counted{};

}  // namespace tidegate::net
