#pragma once

#include "smq/seaweedmq/http/file_id.hpp"
#include "smq/seaweedmq/http/volume_directory.hpp"
#include "smq/seaweedmq/http/wait_list.hpp"

#include <memory>

namespace tidegate::smq::seaweedmq {

struct id_stock_options {
  std::uint32_t per_assign = 100;
  std::chrono::milliseconds lifetime{60'000};
  std::chrono::milliseconds token_lifetime{5'000};  // a master signs for 10 s by default
  std::chrono::milliseconds patience{5'000};        // longest wait for an id
  std::chrono::milliseconds assign_timeout{5'000};
  std::size_t max_waiting = 4096;
};

/// Where one chunk may be uploaded to.
struct upload_slot {
  file_id id;
  std::string server;
  std::string target;  // "/…"; the computed id, or "/first_3" when there is a token, which is signed for `first`
  std::string token;
  std::uint64_t batch = 0;  // for `drop`
};

struct slot_or_reason {
  std::optional<upload_slot> slot;
  std::string reason;
};

/// File ids in stock, so that a put does not wait for the master. Unused ids are given out again after a crash of the
/// master; the volume server then refuses the later upload ("mismatching cookie"), so a stale stock costs a repeat,
/// never a chunk. Thread: the loop's.
class id_stock : public std::enable_shared_from_this<id_stock> {
 public:
  id_stock(event_loop& loop, volume_directory& directory, id_stock_options options);

  /// Calls `done` exactly once, by `deadline` or after `patience`, possibly before it returns.
  /// `bytes`: of the chunk, from which later stocks are sized; 0: says nothing.
  void take(std::uint64_t bytes, time_point deadline, completion<slot_or_reason> done);

  /// Throws away what is left of a batch after an upload of it failed: its server or volume is in trouble.
  void drop(std::uint64_t batch);

  /// Throws away everything, also what is on its way.
  void forget();

  /// Refuses everybody who waits, from now on at once.
  void close(const std::string& reason);

 private:
  struct batch {
    std::uint64_t number = 0;
    id_batch ids;
    file_id first;
    std::uint32_t used = 0;
    time_point expires;
  };

  void refill();
  void on_assigned(std::uint64_t request, result<id_batch> answer);
  void retry_later();
  std::optional<upload_slot> next_slot();
  [[nodiscard]] std::size_t left() const;

  event_loop& loop_;
  volume_directory& directory_;
  id_stock_options options_;
  wait_list<completion<slot_or_reason>> waiting_;
  std::deque<batch> batches_;
  loop_timer timer_;              // the end of a request that nobody answers, or the pause before the next one
  std::uint64_t requests_ = 0;    // also numbers batches; answers to older ones do not count
  std::uint64_t typical_bytes_ = 0;  // of a chunk; a moving average
  bool asking_ = false;           // or pausing
  std::chrono::milliseconds pause_{0};
  std::string trouble_;           // why the last request failed
  std::string closed_;
};

}  // namespace tidegate::smq::seaweedmq
