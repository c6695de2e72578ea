#include "smq/segments/plan_merge.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace tidegate::smq {

namespace {

/// Neighbours in log.segments.
struct file_run {
  std::size_t first = 0;
  std::size_t size = 0;
  std::uint64_t bytes = 0;
  bool is_full = false;  // the next one goes on, but would be too much
  std::int64_t oldest_ms = std::numeric_limits<std::int64_t>::max();  // of the files' newest records
  std::int64_t newest_ms = 0;
};

std::int64_t age_of(const segment& s) { return std::max<std::int64_t>(s.newest_ms(), 0); }

bool is_expired(const segment& s, const merge_rules& rules) {
  return rules.ages && s.newest_ms() < rules.ages->now_ms - rules.ages->retention_ms;
}

/// `first`: of the run.
bool is_of_an_age(const file_run& run, const segment& first, const segment& s, const merge_rules& rules) {
  if (!rules.ages) return true;
  const auto most_ms = rules.ages->retention_ms / 4;
  const auto stored_ms = (s.last_ts_ns - first.first_ts_ns) / 1'000'000;
  const auto apart_ms = std::max(run.newest_ms, age_of(s)) - std::min(run.oldest_ms, age_of(s));
  return (first.max_timestamp < 0) == (s.max_timestamp < 0) && stored_ms <= most_ms && apart_ms <= most_ms;
}

bool is_small(const segment& s, const merge_rules& rules) {
  const auto bytes = s.size_bytes();
  const auto chunk_bytes = bytes / std::max<std::size_t>(s.chunks.size(), 1);
  return bytes < rules.max_bytes && (chunk_bytes < rules.small_chunk_bytes || bytes < rules.max_chunk_bytes);
}

bool continues(const segment& before, const segment& s) {
  return s.base_offset == before.next_offset && s.first_message_number == before.next_message_number;
}

/// Offers the longest runs of closed files below `tier` to `pick`, from the oldest on, until it takes something.
template <class Pick>
std::optional<file_run> first_run(const log_state& log, const merge_rules& rules, const std::set<std::int64_t>& except,
                                  std::uint64_t tier, Pick pick) {
  file_run run;
  const auto closed = log.segments.empty() ? 0 : log.segments.size() - 1;
  for (std::size_t i = 0; i < closed; ++i) {
    const auto& s = log.segments[i];
    const auto bytes = s.size_bytes();
    const bool may_go = bytes < tier && is_small(s, rules) && s.next_offset > log.log_start &&
                        !except.contains(s.base_offset) && !is_expired(s, rules);
    const bool goes_on = may_go && run.size > 0 && continues(log.segments[i - 1], s) &&
                         is_of_an_age(run, log.segments[run.first], s, rules);
    run.is_full = goes_on && run.bytes + bytes > rules.max_bytes;
    if (!goes_on || run.is_full || run.size == rules.max_sources) {
      if (run.size > 0)
        if (auto picked = pick(run)) return picked;
      run = {.first = i};
    }
    if (!may_go) continue;
    ++run.size;
    run.bytes += bytes;
    run.oldest_ms = std::min(run.oldest_ms, age_of(s));
    run.newest_ms = std::max(run.newest_ms, age_of(s));
  }
  run.is_full = false;
  return run.size > 0 ? pick(run) : std::nullopt;
}

/// The one in the run whose many chunks become few.
std::optional<file_run> crumbled_file(const log_state& log, const merge_rules& rules, const file_run& run) {
  for (auto i = run.first; i < run.first + run.size; ++i) {
    const auto chunks = log.segments[i].chunks.size();
    const auto bytes = log.segments[i].size_bytes();
    const auto chunks_after = 2 * bytes / rules.max_chunk_bytes + 1;  // at most: two neighbours are more than one
    if (chunks >= rules.min_chunks && chunks_after < chunks) return file_run{.first = i, .size = 1, .bytes = bytes};
  }
  return std::nullopt;
}

/// All of the run, or what is older than its largest file, or what is newer.
std::optional<file_run> light_part(const log_state& log, const merge_rules& rules, const file_run& run) {
  if (run.size < 2) return std::nullopt;
  const auto size_of = [&](std::size_t i) { return log.segments[i].size_bytes(); };
  const auto end = run.first + run.size;
  std::uint64_t bytes = 0;
  auto largest = run.first;
  for (auto i = run.first; i < end; ++i) {
    bytes += size_of(i);
    if (size_of(i) > size_of(largest)) largest = i;
  }
  if (bytes <= rules.small_chunk_bytes || size_of(largest) <= bytes / 4 * 3) return run;
  if (auto older = light_part(log, rules, {.first = run.first, .size = largest - run.first})) return older;
  return light_part(log, rules, {.first = largest + 1, .size = end - largest - 1});
}

std::vector<segment> files_of(const log_state& log, const std::optional<file_run>& run) {
  if (!run) return {};
  const auto first = log.segments.begin() + static_cast<std::ptrdiff_t>(run->first);
  return {first, first + static_cast<std::ptrdiff_t>(run->size)};
}

std::optional<file_run> first_crumbled(const log_state& log, const merge_rules& rules,
                                       const std::set<std::int64_t>& except) {
  return first_run(log, rules, except, rules.max_bytes,
                   [&](const file_run& run) { return crumbled_file(log, rules, run); });
}

}  // namespace

std::vector<segment> plan_merge(const log_state& log, const merge_rules& rules, const std::set<std::int64_t>& except) {
  const auto growth = std::max<std::size_t>(rules.min_sources, 2);
  std::vector<std::uint64_t> tiers;
  for (auto tier = rules.max_bytes / 2; tier > 0; tier /= growth) tiers.push_back(tier);
  for (auto tier = tiers.rbegin(); tier != tiers.rend(); ++tier) {
    const auto found = first_run(log, rules, except, *tier, [&](const file_run& run) {
      const bool is_worth_it = run.bytes >= *tier && (run.size >= growth || run.is_full);
      return is_worth_it ? std::optional{run} : std::nullopt;
    });
    if (found) return files_of(log, found);
  }
  return files_of(log, first_crumbled(log, rules, except));
}

std::vector<segment> plan_last_merge(const log_state& log, const merge_rules& rules,
                                     const std::set<std::int64_t>& except) {
  auto found = first_run(log, rules, except, rules.max_bytes,
                         [&](const file_run& run) { return light_part(log, rules, run); });
  if (!found) found = first_crumbled(log, rules, except);
  return files_of(log, found);
}

}  // namespace tidegate::smq
