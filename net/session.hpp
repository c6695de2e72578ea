#pragma once

#include "messages/common/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The public face of a client connection: std and messages only, so that nobody above compiles Asio.
namespace tidegate::net {

/// What a connection tells its owner.
/// Thread: the connection's io thread, one call at a time; implementations hand on and return.
class frame_handler {
 public:
  virtual ~frame_handler() = default;

  /// All complete frames of one read, in order, without their 4-byte length. Each owns its buffer exclusively.
  /// Every frame counts against the connection's credit until session::release gives it back.
  virtual void on_frames(std::vector<shared_bytes> frames) = 0;

  /// There is room for answers again, after `takes_answers` said no.
  virtual void on_room() {}

  /// The connection is gone; called exactly once, and nothing is called after it.
  virtual void on_closed() = 0;
};

/// One connection. Holding it keeps no socket open. Thread: every function may be called on any thread.
class session {
 public:
  virtual ~session() = default;

  /// Queues `parts` behind everything sent before; the caller includes Kafka's 4-byte length. Dropped once closed.
  virtual void send(std::vector<shared_bytes> parts) = 0;

  /// No: the client leaves more answers than limits.unsent_bytes, or than the node can keep for all. What was sent stays
  /// queued whatever this says; the owner begins no other request before `on_room`.
  [[nodiscard]] virtual bool takes_answers() = 0;

  /// Gives back the credit of `requests` frames with `bytes` bytes (their sizes as delivered).
  /// Call it after the answer's `send`: a half-closed connection ends when no request is outstanding. What a connection
  /// that is closed did not give back counts against the node until the last holder of its session is gone: whoever
  /// works on a request holds it.
  virtual void release(std::size_t bytes, std::size_t requests) = 0;

  /// Stops reading, sends what was queued before, closes and logs `reason` ("" logs nothing).
  virtual void close(std::string reason) = 0;

  /// Numeric address and port of the client, e.g. "127.0.0.1:50312".
  [[nodiscard]] virtual std::string peer() const = 0;

  /// Unique in this process, from 1.
  [[nodiscard]] virtual std::uint64_t id() const = 0;
};

}  // namespace tidegate::net
