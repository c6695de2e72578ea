#pragma once

#include "smq/segments/read_log.hpp"

/// Where a native subscriber goes on: from SMQ's nanoseconds to Kafka's offset (design §6.4, §7.1).
namespace tidegate::smq {

/// Whether a native subscriber whose position file says `value_ns` has had the message. A native RESUME takes "value"
/// as nanoseconds, whatever "type" says, and goes on behind it. So the file may say the ts_ns of the last message, as
/// SMQ's brokers write it, or one more, as tidegate does: messages of a partition are 2 ns apart, and both mean the
/// same next message. 0, 1 and negative values mean the first message.
/// Source: smq.md §2 (value = ts(40) and ts(40) + 1 both resume at 41), read_log_from_disk.go.
constexpr bool is_consumed(std::int64_t message_ts_ns, std::int64_t value_ns) { return message_ts_ns <= value_ns; }

/// The Kafka offset at which a native position `value_ns` goes on: the base offset of the first message that is not
/// consumed, never below the log start; the view's end when there is none. Segments answer by their attributes; at
/// most one is opened, and of it the heads of messages are read, not their batches.
/// `view`: of all segments (make_view with SIZE_MAX).
/// Errors: damaged(), absent (a chunk is gone: take a new view), the port's doubts as they came.
/// Thread: any; `done` runs once, on a thread of the engine or before this returns. `ports` must outlive it.
void find_by_ts(engine ports, std::shared_ptr<const log_view> view, std::int64_t value_ns, time_point deadline,
                completion<result<std::int64_t>> done);

}  // namespace tidegate::smq
