#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::msg {

/// What a request may use up, given back when its last holder is gone.
using request_credit = std::shared_ptr<void>;

struct frame {
  shared_bytes body;
  request_credit credit;
};

/// Complete frames of one read, in order of arrival, without their length.
struct frames {
  std::vector<frame> all;
};

/// The answer to request number `sequence` of this connection; no parts: the request has no answer (acks = 0);
/// `close`: it cannot be answered and the connection ends.
struct response {
  std::uint64_t sequence = 0;
  std::vector<shared_bytes> parts;
  bool close = false;
  std::string reason;
  request_credit credit{};  // of the request
};

/// The socket is closed.
struct peer_gone {};

/// INTERNAL: the request that held the next ones back has been passed on.
struct stage_done {};

}  // namespace tidegate::msg
