#pragma once

#include "smq/seaweedmq/http/store_parts.hpp"

namespace tidegate::smq::seaweedmq {

/// Removes one chunk from every server that has its volume. Starts at once. Errors: refused, unknown.
/// Thread: the loop's.
void discard_chunk(store_parts& parts, file_id id, time_point deadline, completion<outcome> done);

/// The same for the remains of a failed upload, when nobody can do anything about a failure.
void discard_best_effort(store_parts& parts, file_id id);

}  // namespace tidegate::smq::seaweedmq
