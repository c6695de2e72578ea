#pragma once

#include "smq/ports.hpp"

#include <memory>

/// How partitions and groups write (design §5.3, §5.4). One shard writes one transaction at a time, locked on the
/// node's fence; what arrives meanwhile is the next window. An owner's writes go through its session, in order.
namespace tidegate::smq {

enum class write_result : std::uint8_t {
  stored,         // every mutation is applied and durable
  refused,        // nothing applied (name or size out of bounds, disk full); the session lives
  not_written,    // nothing applied: the session was closed before the unit was sent
  reload,         // a prefix may be applied and will not change any more: the session is closed, open another and load
  fenced,         // this incarnation lost its fence: the process must come back as a new one
};

struct write_answer {
  write_result code = write_result::stored;
  std::string reason;
};

/// Commits go into a window before bulk writes do.
enum class write_class : std::uint8_t { commit, bulk };

/// Thread-safe; answers on any thread, each exactly once.
class session {
 public:
  virtual ~session() = default;

  /// Queues the mutations as one unit: all of them are in one window, in this order, after the session's earlier units.
  virtual void write(std::vector<mutation> mutations, write_class priority, completion<write_answer> done) = 0;

  /// Drops unsent units (not_written), waits until sent ones are decided, then calls `settled`.
  virtual void close(std::function<void()> settled) = 0;
};

/// Thread-safe.
class session_factory {
 public:
  virtual ~session_factory() = default;

  /// Closes and settles the owner's previous session first. `owner`: "g/<group>",
  /// "p/<topic id>/<partition>" or "m/offset-mappings".
  virtual void open(const std::string& owner, completion<std::shared_ptr<session>> done) = 0;
};

}  // namespace tidegate::smq
