#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Where groups are when they leave, and what stands there: known again when they come back without keeping anything,
/// also to a later release. Values in, values out.
namespace tidegate::cli::bench {

struct resume_plan {
  std::string topic;
  std::int32_t partitions = 0;
  std::int64_t records = 0;  // of a partition, from offset 0 on
  std::size_t value_bytes = 0;
  std::chrono::milliseconds timeout{};
};

/// The offset at which a group leaves a partition: 0 to `records` − 1, so that there is a next record.
std::int64_t position_of(const resume_plan& plan, std::string_view group, std::int32_t partition);

/// The value of the record at an offset: "TOPIC-PARTITION@OFFSET", and dots up to `value_bytes` bytes.
std::string value_of(const resume_plan& plan, std::int32_t partition, std::int64_t offset);

/// A value in an error's line: how it begins, without dots at its end, and its size.
std::string words_of_value(std::string_view value);

}  // namespace tidegate::cli::bench
