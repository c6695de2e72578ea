#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tidegate::actors {

/// Bytes of fetch answers that may be in memory at once: being read, or not yet sent. Thread: any.
class fetch_budget {
 public:
  explicit fetch_budget(std::int64_t bytes) : free_(bytes) {}

  /// Takes at most `wanted` and returns how many it took; 0 when nothing is free.
  std::int64_t take(std::int64_t wanted) {
    auto free = free_.load();
    while (true) {
      const auto taken = std::clamp<std::int64_t>(free, 0, std::max<std::int64_t>(wanted, 0));
      if (taken == 0 || free_.compare_exchange_weak(free, free - taken)) return taken;
    }
  }

  /// Gives back `bytes`; a negative number takes without asking, because a first batch is always read whole.
  void give(std::int64_t bytes) { free_ += bytes; }

  [[nodiscard]] std::int64_t free() const { return free_; }

 private:
  std::atomic<std::int64_t> free_;
};

/// What one Fetch holds of its connection's and of the node's budget; given back when it dies. Used by one thread at a
/// time.
class fetch_grant {
 public:
  fetch_grant(std::shared_ptr<fetch_budget> connection, std::shared_ptr<fetch_budget> node)
    : connection_(std::move(connection)), node_(std::move(node)) {}
  fetch_grant(const fetch_grant&) = delete;
  fetch_grant& operator=(const fetch_grant&) = delete;
  ~fetch_grant() { set(0); }

  /// Holds up to `bytes` from now on, as far as both budgets allow; never less than before.
  void raise_to(std::int64_t bytes) {
    const auto wanted = connection_->take(bytes - held_);
    const auto taken = node_->take(wanted);
    connection_->give(wanted - taken);
    held_ += taken;
  }

  /// Holds exactly `bytes`.
  void set(std::int64_t bytes) {
    connection_->give(held_ - bytes);
    node_->give(held_ - bytes);
    held_ = bytes;
  }

  [[nodiscard]] std::int64_t bytes() const { return held_; }

 private:
  std::shared_ptr<fetch_budget> connection_;
  std::shared_ptr<fetch_budget> node_;
  std::int64_t held_ = 0;
};

/// The order and the sizes of the reads of one Fetch: in the client's order, a few at once, and together at most
/// `bytes` but for the first batch of each that runs. What a read leaves over, later ones may use; once nothing is left
/// they are sent with 0 bytes, for their bounds and errors alone.
class paced_reads {
 public:
  static constexpr std::size_t at_once = 16;

  struct one {
    std::size_t index = 0;
    std::int32_t max_bytes = 0;
  };

  paced_reads(std::vector<one> all, std::int64_t bytes) : all_(std::move(all)), left_(bytes) {}

  /// The next read to send, with the bytes that it may return; nothing: wait for an answer, or all have been sent.
  std::optional<one> next() {
    if (next_ == all_.size() || running_ == at_once) return std::nullopt;
    const auto rest = static_cast<std::int64_t>(std::min(all_.size() - next_, at_once));
    auto read = all_[next_++];
    const auto share = (std::max<std::int64_t>(left_, 0) + rest - 1) / rest;
    read.max_bytes = static_cast<std::int32_t>(std::clamp<std::int64_t>(read.max_bytes, 0, share));
    left_ -= read.max_bytes;
    ++running_;
    return read;
  }

  /// A read that was sent with `granted` bytes returned `bytes` of them.
  void answered(std::int32_t granted, std::int64_t bytes) {
    left_ += granted - bytes;
    --running_;
  }

  [[nodiscard]] bool is_done() const { return running_ == 0 && next_ == all_.size(); }

 private:
  std::vector<one> all_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::int64_t left_;
};

}  // namespace tidegate::actors
