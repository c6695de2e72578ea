#pragma once

#include "actors/partition/older_files.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/repeated_reads.hpp"
#include "messages/kafka/record_batch.hpp"
#include "smq/segments/read_log.hpp"

#include <cstdint>
#include <optional>

namespace tidegate::actors {

/// What an offset actor answers to ListOffsets: the bounds of the log, or a record by its timestamp.
class offset_search {
 public:
  offset_search(partition_log& log, older_files& older, repeated_reads& repeated)
    : log_(log), older_(older), repeated_(repeated) {}

  void list(const msg::list_offsets& m);

 private:
  void list_by_timestamp(const msg::list_offsets& m, std::int64_t timestamp, bool newest, std::int64_t from);
  void list_newest(const msg::list_offsets& m);
  void list_newest_above_start(const msg::list_offsets& m);
  void answer_newest_above_start(const msg::list_offsets& m, const smq::result<smq::newest_batches>& found,
                                 std::int64_t end);
  template <class Look, class Then>
  void look_into(const msg::list_offsets& m, bool is_compressed, Look look, Then then);
  void answer_record(const msg::list_offsets& m, const std::optional<kafka::timestamped_offset>& record);
  void answer_timestamp(const msg::list_offsets& m, const smq::result<shared_bytes>& found, std::int64_t timestamp,
                        bool newest);

  partition_log& log_;
  older_files& older_;
  repeated_reads& repeated_;
};

}  // namespace tidegate::actors
