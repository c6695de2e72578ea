#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>
#include <functional>

namespace tidegate {

/// A record batch that has its place in the partition: what the partition machine plans and the segment store writes.
struct planned_batch {
  shared_bytes batch;  // a whole v2 batch, base offset and leader epoch already in its header
  std::int64_t base_offset = 0;
  std::int32_t leader_epoch = 0;
  std::int32_t record_count = 0;
  std::int64_t ts_ns = 0;           // SMQ's ts_ns of the message: strictly ascending in the partition
  std::int64_t message_number = 0;  // SMQ's offset: dense from 0
  std::int64_t max_timestamp = -1;  // largest record timestamp in ms; -1: none
};

/// Told of every batch that a read answers: where it ends, and the ts_ns of its message.
using batch_observer = std::function<void(std::int64_t next_offset, std::int64_t ts_ns)>;

}  // namespace tidegate
