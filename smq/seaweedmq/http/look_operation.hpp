#pragma once

#include "smq/seaweedmq/http/store_parts.hpp"

namespace tidegate::smq::seaweedmq {

/// See chunk_store::look. Thread: the loop's.
void look_at_chunk(store_parts& parts, const file_id& id, const std::string& server, time_point deadline,
                   completion<result<stored_chunk>> done);

}  // namespace tidegate::smq::seaweedmq
