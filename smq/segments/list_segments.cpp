#include "smq/segments/list_segments.hpp"

#include "smq/entry_path.hpp"
#include "smq/names.hpp"
#include "smq/segments/merge_log.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"
#include "smq/step_loop.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t page_entries = 256;  // with up to 64 chunks each, a page stays below one megabyte

bool is_known_neighbour(std::string_view name) {
  return name == partition_entry_name || name == checkpoint_name || name == positions_name;
}

bool chunks_are_contiguous(const std::vector<chunk_ref>& chunks) {
  std::uint64_t end = 0;
  for (const auto& c : chunks) {
    if (c.offset != end || c.size == 0 || c.size > UINT64_MAX - end) return false;
    end += c.size;
  }
  return !chunks.empty();
}

std::optional<segment> segment_of(const entry& e, std::string_view name, const segment_name_parts& parts,
                                  const partition_place& place) {
  auto a = decode_segment_attributes(e.attributes);
  if (!a || a->topic_id != place.topic_id || a->partition != place.partition || a->base_offset != parts.base_offset ||
      !fits_name_second(a->last_ts_ns, parts.second) || !chunks_are_contiguous(e.chunks))
    return std::nullopt;
  segment s;
  s.name = name;
  s.path = e.path;
  s.base_offset = a->base_offset;
  s.next_offset = a->next_offset;
  s.first_ts_ns = a->first_ts_ns;
  s.last_ts_ns = a->last_ts_ns;
  s.max_timestamp = a->max_timestamp;
  s.leader_epoch = a->leader_epoch;
  s.chunks = e.chunks;
  s.name_second = parts.second;
  s.first_message_number = a->first_message_number;
  s.next_message_number = a->last_message_number + 1;
  if (a->size_bytes && *a->size_bytes != s.size_bytes()) return std::nullopt;
  return s;
}

/// Listing begins behind a name: this one is the last below the mark.
std::string name_before(const segment_mark& mark) {
  return mark.base_offset > 0 ? segment_name(mark.name_second, mark.base_offset - 1)
                              : segment_name(mark.name_second - 1, INT64_MAX);
}

/// Page after page.
class segment_lister final : public step_loop {
 public:
  segment_lister(entry_port& entries, partition_place place, const segment_range& range, time_point deadline,
                 completion<result<listed_segments>> done)
    : entries_(entries), place_(std::move(place)), deadline_(deadline), done_(std::move(done)) {
    if (range.from) after_ = name_before(*range.from);
    if (range.to) end_ = segment_name(range.to->name_second, range.to->base_offset);
  }

 private:
  bool step() override {
    if (asked_) {
      if (!take_page()) return false;
      if (is_complete_ || !page_.value.more) {
        done_({{}, std::move(found_)});
        return false;
      }
    }
    asked_ = true;
    entries_.list(place_.directory, after_, page_entries, true, deadline_,
                  [self = shared_from_this(), this](result<list_page> answer) {
                    page_ = std::move(answer);
                    resume();
                  });
    return true;
  }

  bool take_page() {
    if (!page_.is_ok()) return fail(page_.what);
    if (page_.value.more && page_.value.entries.empty()) return fail({status::unknown, "an empty page, and more", 0});
    for (const auto& name : page_.value.directories) {
      if (!end_.empty() && name >= end_) continue;
      if (parse_segment_name(name)) return fail(damaged(name + " is a directory"));
      if (!is_known_neighbour(name)) ++found_.foreign_files;
    }
    for (const auto& e : page_.value.entries) {
      std::string name{name_of(e.path)};
      is_complete_ = !end_.empty() && name >= end_;
      if (is_complete_) return true;
      if (!take_file(e, name))
        return fail(unreadable(name + " is not a segment of this partition", own_attribute(e.attributes),
                               segment_attributes_version));
      after_ = std::move(name);
    }
    return true;
  }

  bool take_file(const entry& e, const std::string& name) {
    const auto parts = parse_segment_name(name);
    if (!parts) {
      if (!is_known_neighbour(name)) ++found_.foreign_files;
      return true;
    }
    auto s = segment_of(e, name, *parts, place_);
    auto replaced = merged_names(e);
    if (!s || !replaced) return false;
    found_.replaced.insert(replaced->begin(), replaced->end());
    found_.segments.push_back(std::move(*s));
    return true;
  }

  bool fail(outcome what) {
    done_({std::move(what), {}});
    return false;
  }

  entry_port& entries_;
  const partition_place place_;
  const time_point deadline_;
  const completion<result<listed_segments>> done_;
  std::string after_;
  std::string end_;  // names from here on are not in the range; "" = all are
  bool asked_ = false;
  bool is_complete_ = false;
  result<list_page> page_;
  listed_segments found_;
};

segment_mark mark_of(const segment& s) { return {s.name_second, s.base_offset}; }

bool is_below(const segment_range& r, const segment& s) { return r.to && *r.to <= mark_of(s); }

bool is_within(const segment_range& inner, const segment_range& outer) {
  return (!outer.from || (inner.from && *inner.from >= *outer.from)) &&
         (!outer.to || (inner.to && *inner.to <= *outer.to));
}

/// What two of them overlap; "": none.
std::string overlap_in(const std::vector<segment>& all) {
  const auto overlapping = std::ranges::adjacent_find(all, [](const segment& before, const segment& s) {
    return s.base_offset < before.next_offset || s.first_message_number < before.next_message_number ||
           s.first_ts_ns <= before.last_ts_ns;
  });
  if (overlapping == all.end()) return "";
  return overlapping->name + " and " + (overlapping + 1)->name + " overlap";
}

}  // namespace

void list_segments(entry_port& entries, const partition_place& place, const segment_range& range, time_point deadline,
                   completion<result<listed_segments>> done) {
  std::make_shared<segment_lister>(entries, place, range, deadline, std::move(done))->run();
}

std::optional<segment_range> unlisted_for(const log_state& log, std::int64_t offset) {
  offset = behind_gaps(log.gaps, std::max(offset, log.log_start));
  auto behind = std::ranges::upper_bound(log.segments, offset, {}, &segment::base_offset);
  const auto* before = behind == log.segments.begin() ? nullptr : &*(behind - 1);
  if (before && offset < before->next_offset) return std::nullopt;
  const auto newest = std::find_if(log.unlisted.rbegin(), log.unlisted.rend(), [&](const segment_range& r) {
    return !r.from || r.from->base_offset <= offset;
  });
  if (newest == log.unlisted.rend() || (before && is_below(*newest, *before))) return std::nullopt;
  return *newest;
}

std::optional<segment_range> newest_unlisted(const log_state& log) {
  if (log.unlisted.empty()) return std::nullopt;
  auto joined = log.unlisted.back();
  for (auto i = log.unlisted.size() - 1; i-- > 0 && log.unlisted[i].to == joined.from;) joined.from = log.unlisted[i].from;
  return joined;
}

std::optional<segment_range> unlisted_below(const log_state& log, std::int64_t offset) {
  const auto begins_below = [offset](const segment_range& r) { return !r.from || r.from->base_offset < offset; };
  if (log.unlisted.empty() || !begins_below(log.unlisted.front())) return std::nullopt;
  auto joined = log.unlisted.front();
  for (std::size_t i = 1; i < log.unlisted.size() && log.unlisted[i].from == joined.to && begins_below(log.unlisted[i]); ++i)
    joined.to = log.unlisted[i].to;
  return joined;
}

bool is_unlisted_between(const log_state& log, const segment& before, const segment& after) {
  return std::ranges::any_of(log.unlisted,
                             [&](const segment_range& r) { return !is_below(r, before) && is_below(r, after); });
}

outcome add_listed(log_state& log, const segment_range& range, listed_segments found) {
  // A crash between the PUT of a merged file and the last delete leaves some of its sources behind.
  std::vector<std::string> leftovers;
  std::erase_if(found.segments, [&](const segment& s) {
    if (!found.replaced.contains(s.name)) return false;
    leftovers.push_back(s.path);
    return true;
  });
  const auto at = range.to ? std::ranges::lower_bound(log.segments, *range.to, {}, mark_of) : log.segments.end();
  auto around = found.segments;
  if (at != log.segments.begin()) around.insert(around.begin(), *(at - 1));
  if (at != log.segments.end()) around.push_back(*at);
  if (auto overlap = overlap_in(around); !overlap.empty()) return damaged(overlap);
  log.segments.insert(at, std::make_move_iterator(found.segments.begin()),
                      std::make_move_iterator(found.segments.end()));
  log.leftovers.insert(log.leftovers.end(), leftovers.begin(), leftovers.end());
  log.foreign_files += found.foreign_files;
  std::erase_if(log.unlisted, [&](const segment_range& r) { return is_within(r, range); });
  return {};
}

void add_marks(log_state& log) {
  auto next = log.segments.begin();
  if (!log.marks.empty()) next = std::ranges::lower_bound(log.segments, log.marks.back(), {}, mark_of);
  while (log.segments.end() - next > static_cast<std::ptrdiff_t>(segments_per_mark)) {
    next += segments_per_mark;
    log.marks.push_back(mark_of(*next));
  }
  while (log.marks.size() > partition_entry::max_marks) {
    std::size_t place = 0;
    const auto older = log.marks.size() / 2;
    std::erase_if(log.marks, [&](const auto&) {
      const auto i = place++;
      return i < older && i % 2 == 1;
    });
  }
}

}  // namespace tidegate::smq
