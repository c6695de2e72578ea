#pragma once

#include "smq/mappings.hpp"
#include "smq/segments/log.hpp"
#include "smq/topics/topic_info.hpp"

#include <array>
#include <cstdint>
#include <vector>

/// The topic `kafka-system/offset-mappings` as its writer sees it: a native SMQ topic of plain messages, with our topic
/// entry and our partition entries beside it. It has no name entry, so it is no Kafka topic.
namespace tidegate::smq {

struct mapping_log {
  topic_info topic;
  bool is_stored = false;  // topic.conf and the topic entry are written
  std::array<log_state, mappings_partitions> partitions;
};

/// Reads the topic and the lists of its segments; `fresh_id` and `now_second` are taken when there is none yet.
/// Errors and threads: as load_log().
void load_mapping_log(engine ports, std::int64_t now_second, const uuid& fresh_id, time_point deadline,
                      completion<result<mapping_log>> done);

/// What must be written, before the first segment, for native programs to find the topic.
std::vector<mutation> create_mapping_topic(const topic_info& topic);

partition_place mapping_place(const topic_info& topic, std::int32_t partition);

/// Plans one chunk with all `records`, which belong to this partition of the mapping topic.
append_plan plan_mappings(const mapping_log& log, std::int32_t partition, const std::vector<mapping_record>& records,
                          std::int64_t now_ns, std::int32_t leader_epoch, bool new_leader,
                          const append_options& options = {});

/// The log start behind the segments whose newest record is older than `before_ns`, and behind the oldest of more than
/// `most_files`; the newest segment stays.
std::int64_t mappings_start_after(const log_state& log, std::int64_t before_ns, std::size_t most_files);

/// Forgets the chunk lists of closed segments: nobody reads them here, and there are a week of them.
void drop_closed_chunks(log_state& log);

}  // namespace tidegate::smq
