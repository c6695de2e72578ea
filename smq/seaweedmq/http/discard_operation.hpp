#pragma once

#include "smq/seaweedmq/http/store_parts.hpp"

namespace tidegate::smq::seaweedmq {

struct doomed_chunk {
  file_id id;
  std::string target;  // see upload_slot
  std::string token;   // that of the upload, in a cluster with write tokens
};

/// Removes one chunk from every server that has its volume. Starts at once. Errors: refused, unknown.
/// Thread: the loop's.
void discard_chunk(store_parts& parts, doomed_chunk chunk, time_point deadline, completion<outcome> done);

/// The same for the remains of a failed upload, when nobody can do anything about a failure.
void discard_best_effort(store_parts& parts, const upload_slot& slot);

}  // namespace tidegate::smq::seaweedmq
