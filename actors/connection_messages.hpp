#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::msg {

/// Complete frames of one read, in order of arrival, without their length.
struct frames {
  std::vector<shared_bytes> bodies;
};

/// The answer to request number `sequence` of this connection; no parts: the request has no answer (acks = 0);
/// `close`: it cannot be answered and the connection ends.
struct response {
  std::uint64_t sequence = 0;
  std::vector<shared_bytes> parts;
  bool close = false;
  std::string reason;
};

/// The socket is closed.
struct peer_gone {};

/// INTERNAL: the request that held the next ones back has been passed on.
struct stage_done {};

}  // namespace tidegate::msg
