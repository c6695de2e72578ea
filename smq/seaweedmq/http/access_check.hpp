#pragma once

#include "smq/seaweedmq/http/store_parts.hpp"

namespace tidegate::smq::seaweedmq {

/// Asks a volume server for a chunk that nobody has written, as for any other: "not there" is said to those who may
/// read. Thread: the loop's. Errors: refused (we may not). ok: we may, or nobody can tell now.
void check_access(store_parts& parts, time_point deadline, completion<outcome> done);

}  // namespace tidegate::smq::seaweedmq
