#pragma once

#include "smq/segments/log.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <vector>

/// Which closed segment files are worth a merge (design §6.3): few files, and few copies of every byte.
namespace tidegate::smq {

/// A merged file is as old as its newest record, so that its other records stay for longer. So its files are stored, and
/// have their newest records, within a quarter of retention.ms: after 1.25 of that, from when it was stored, a record
/// may go, whatever was merged, unless timestamps of the future hold it.
/// Files whose records are all without a timestamp are not merged with others, which might let them go too early.
struct merge_ages {
  std::int64_t retention_ms = 0;
  std::int64_t now_ms = 0;  // what is older than retention.ms is left to retention
};

struct merge_rules {
  std::size_t min_sources = 8;  // so many neighbours of a tier are merged; the next tier is so many times larger
  std::size_t min_chunks = std::numeric_limits<std::size_t>::max();  // a file of so many is worth a copy of its own
  std::size_t max_sources = 64;
  std::uint64_t max_bytes = std::uint64_t{64} << 20;           // of the merged file
  std::uint64_t small_chunk_bytes = std::uint64_t{512} << 10;  // see both plans
  std::uint64_t max_chunk_bytes = std::uint64_t{8} << 20;      // of a copied chunk, as brokers write them
  std::optional<merge_ages> ages = std::nullopt;               // nullopt: no record goes because of its age
};

/// What a partition in use merges next: a run of closed neighbours (contiguous offsets, within the rules).
/// Sizes fall into tiers: max_bytes / 2, and from there down by min_sources. A run is worth it when its files are below a
/// tier, are at least min_sources (or as many as max_bytes allows), and together reach that tier. So every byte is copied
/// at most once per tier, and fewer than min_sources files of each stay. The lowest tier comes first, and in it the
/// oldest run; at last a single file of min_chunks.
/// Left alone: the newest file (it is open); files of max_bytes; files with chunks of small_chunk_bytes on average,
/// unless one chunk could hold all of them; what ends below the log start; the files whose base offsets are in `except`;
/// what `ages` says. Empty: there is none.
std::vector<segment> plan_merge(const log_state& log, const merge_rules& rules,
                                const std::set<std::int64_t>& except = {});

/// What is left to merge when nobody uses the partition any more: the oldest run of any sizes, but no file that makes up
/// three quarters of more than small_chunk_bytes. Asked again after every merge, it leaves one file, or a few, each three
/// times as large as all that are newer; with `ages`, as much for each quarter of retention.ms. So a partition that is used
/// now and then copies its large files seldom. Files are left alone as by plan_merge().
std::vector<segment> plan_last_merge(const log_state& log, const merge_rules& rules,
                                     const std::set<std::int64_t>& except = {});

}  // namespace tidegate::smq
