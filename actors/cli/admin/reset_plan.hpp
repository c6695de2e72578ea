#pragma once

#include "actors/cli/admin/values.hpp"

#include <optional>
#include <string_view>

/// Where `groups reset` moves positions: values in, values out; no clock, no Kafka.
namespace tidegate::cli {

/// A topic of `--topic T[:P,…]`; no partitions: all of them.
struct topic_choice {
  std::string topic;
  std::vector<std::int32_t> partitions;
};

/// Partitions are numbers, or ranges as in "orders:0,4-7". Nothing when it is none of this.
std::optional<topic_choice> parse_topic_choice(std::string_view text);

/// To what positions are moved. The names are those of kafka-consumer-groups.
enum class reset_target { earliest, latest, offset, shift, time, current };

struct reset_rule {
  reset_target target = reset_target::current;
  std::int64_t number = 0;  // offset: the offset · shift: by how many records · time: milliseconds since 1970
};

/// What is known of a partition before its position is moved.
struct reset_input {
  topic_partition at;
  std::optional<std::int64_t> committed;
  log_range log;              // known
  std::int64_t at_time = -1;  // of the rule's time: its first record's offset; −1: there is none
};

/// What becomes of a partition's position.
struct reset_step {
  topic_partition at;
  std::optional<std::int64_t> from;
  std::int64_t to = 0;
  log_range log;
  std::string note;     // that and why it is not what was asked for, in words
  std::string refusal;  // why it cannot be moved; then nothing is
};

/// The new position lies within the log, from its start to behind its last record; where the rule points elsewhere it
/// is the nearest of these, and `note` says so. As in Kafka's own tool, `current` without a position is the end, and so
/// is a time behind the last record; `shift` without a position is refused.
reset_step plan_reset(const reset_rule& rule, const reset_input& input);

}  // namespace tidegate::cli
