#pragma once

#include "actors/interfaces/partition_registry.hpp"
#include "smq/mapping_log.hpp"

namespace tidegate::msg {

/// From an offset actor, one-way: where its newest offset lies. Nobody waits for it.
struct mapping_report {
  smq::mapping_record record;
};

}  // namespace tidegate::msg

namespace tidegate::actors {

/// MAPPING WRITER: one per node. Writes the topic `kafka-system/offset-mappings`, which nothing depends on: what cannot
/// be written is logged and dropped.
using mapping_writer_actor = caf::typed_actor<caf::reacts_to<msg::mapping_report>, caf::reacts_to<msg::close_cleanly>,
                                              caf::reacts_to<msg::resume>>;

}  // namespace tidegate::actors
