#pragma once

#include "messages/common/uuid.hpp"
#include "messages/common/error_code.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::kafka {
struct fetch_request;
}

namespace tidegate::actors {

struct services;
struct connection_scratch;

/// A partition that a consumer follows, as it asked for it last.
struct fetch_interest {
  std::string topic;
  uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t fetch_offset = 0;
  std::int32_t current_leader_epoch = -1;
  std::int32_t last_fetched_epoch = -1;
  std::int32_t max_bytes = 0;

  // What the client was told last; an incremental answer leaves out what has not changed.
  std::int64_t told_high_watermark = -1;
  std::int64_t told_log_start = -1;
};

/// How many incremental fetch sessions the node keeps (max.incremental.fetch.session.cache.slots). A client that gets
/// none is answered with session id 0 and goes on with full fetches, as in Kafka when nothing may be evicted: a session
/// here belongs to a living connection, so none is ever stale.
/// Thread: any.
class fetch_session_slots {
 public:
  explicit fetch_session_slots(std::int64_t slots) : free_(std::make_shared<std::atomic<std::int64_t>>(slots)) {}

  /// One slot, given back when the last copy of the token dies; null: all are taken.
  [[nodiscard]] std::shared_ptr<void> take() const {
    if (free_->fetch_sub(1) > 0) return {free_.get(), [free = free_](void*) { free->fetch_add(1); }};
    free_->fetch_add(1);
    return nullptr;
  }

  [[nodiscard]] std::int64_t free() const { return *free_; }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> free_;
};

/// An incremental fetch session (KIP-227). It lives with its connection: a client that comes back on a new one starts
/// with a full fetch, as after fetch_session_id_not_found.
struct fetch_session {
  std::int32_t id = 0;
  std::int32_t epoch = 0;  // the next one expected
  bool by_id = false;      // topics are named by id (v13 and later)
  std::vector<fetch_interest> partitions;  // in the client's order
  std::shared_ptr<void> slot;              // of fetch_session_slots

  /// 1 … 2^31 − 1, then 1 again; 0 and -1 have a meaning of their own.
  static std::int32_t after(std::int32_t epoch) { return epoch == 0x7fffffff ? 1 : epoch + 1; }
};

/// What one Fetch asks for, with or without a session.
struct entered_session {
  error_code error = error_code::none;  // else the whole answer
  std::vector<fetch_interest> partitions;
  std::shared_ptr<fetch_session> session;  // null: sessionless
  bool incremental = false;
};

/// Finds, makes or ends the session that the request means. `by_id`: it names topics by id. Thread: the connection's.
entered_session enter_session(const services& node, connection_scratch& scratch, const kafka::fetch_request& asked,
                              bool by_id);

bool same_partition(const fetch_interest& a, const fetch_interest& b);

/// Moves the partitions that are marked behind the others.
void move_back(std::vector<fetch_interest>& all, const std::vector<bool>& marked);

}  // namespace tidegate::actors
