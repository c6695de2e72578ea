#pragma once

#include "messages/common/uuid.hpp"
#include "messages/common/error_code.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tidegate::actors {

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

/// An incremental fetch session (KIP-227). It lives with its connection: a client that comes back on a new one starts
/// with a full fetch, as after fetch_session_id_not_found.
struct fetch_session {
  std::int32_t id = 0;
  std::int32_t epoch = 0;  // the next one expected
  bool by_id = false;      // topics are named by id (v13 and later)
  std::vector<fetch_interest> partitions;  // in the client's order

  /// 1 … 2^31 − 1, then 1 again; 0 and -1 have a meaning of their own.
  static std::int32_t after(std::int32_t epoch) { return epoch == 0x7fffffff ? 1 : epoch + 1; }
};

}  // namespace tidegate::actors
