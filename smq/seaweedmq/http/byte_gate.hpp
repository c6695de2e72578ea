#pragma once

#include "smq/seaweedmq/http/wait_list.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace tidegate::smq::seaweedmq {

/// Bounds the bytes in flight: who would be too much waits for its turn, first come, first served, until its deadline.
/// One that is larger than the bound goes alone. Thread: the loop's, but for used().
class byte_gate {
 public:
  using refusal = std::function<void(const std::string& reason)>;

  byte_gate(event_loop& loop, std::uint64_t max_bytes, std::size_t max_waiting);

  /// Calls exactly one of both: `go`, after which leave() must follow, or `turned_away`.
  void enter(std::uint64_t bytes, time_point deadline, std::function<void()> go, refusal turned_away);
  void leave(std::uint64_t bytes);
  void close(const std::string& reason);

  [[nodiscard]] std::uint64_t used() const { return used_; }

 private:
  struct waiter {
    std::uint64_t bytes = 0;
    std::function<void()> go;
    refusal turned_away;
  };

  [[nodiscard]] bool has_room_for(std::uint64_t bytes) const;
  void admit();

  const std::uint64_t max_bytes_;
  const std::size_t max_waiting_;
  std::atomic<std::uint64_t> used_{0};
  wait_list<waiter> waiting_;
  std::string closed_;
  bool is_admitting_ = false;  // one that ends at once must not nest the next one
};

}  // namespace tidegate::smq::seaweedmq
