#include "smq/segments/merge_log.hpp"

#include "smq/segments/big_endian.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr const char* sources_attribute = "tg.src";
constexpr std::uint8_t sources_version = 1;

outcome damaged(const std::string& why) { return {status::refused, "damaged: " + why, 0}; }

bool is_small(const segment& s, const merge_rules& rules) {
  return s.size_bytes() / std::max<std::size_t>(s.chunks.size(), 1) < rules.small_chunk_bytes &&
         s.size_bytes() < rules.max_bytes;
}

bool continues(const segment& before, const segment& s) {
  return s.base_offset == before.next_offset && s.first_message_number == before.next_message_number;
}

/// Reads chunk after chunk and puts them together. Every pending callback holds it.
class segment_copier final : public std::enable_shared_from_this<segment_copier> {
 public:
  segment_copier(chunk_port& chunks, const partition_place& place, std::vector<segment> sources,
                 std::uint64_t max_chunk_bytes, time_point deadline, run_later later,
                 completion<result<std::vector<chunk_ref>>> done)
    : chunks_(chunks), place_(place), sources_(std::move(sources)), max_chunk_bytes_(max_chunk_bytes),
      deadline_(deadline), later_(std::move(later)), done_(std::move(done)),
      next_offset_(sources_.front().base_offset), next_message_number_(sources_.front().first_message_number) {}

  void step() {
    while (segment_ < sources_.size() && chunk_ == sources_[segment_].chunks.size()) {
      if (next_offset_ != sources_[segment_].next_offset) return fail(damaged(sources_[segment_].name + " ends early"));
      ++segment_;
      chunk_ = 0;
    }
    const bool at_end = segment_ == sources_.size();
    if (!parts_.empty() && (at_end || bytes_ + source_chunk().size > max_chunk_bytes_)) return put();
    if (at_end) return done_({{}, std::move(copied_)});
    read();
  }

 private:
  const chunk_ref& source_chunk() const { return sources_[segment_].chunks[chunk_]; }

  void read() {
    chunks_.get(source_chunk().id, 0, source_chunk().size, deadline_,
                [self = shared_from_this()](result<shared_bytes> answer) {
                  self->later_([self, answer = std::move(answer)] { self->take_read(answer); });
                });
  }

  /// Nothing is copied that the source does not prove: a damaged file stays where it is.
  void take_read(const result<shared_bytes>& answer) {
    if (!answer.is_ok()) return fail(answer.what);
    auto rest = answer.value.view();
    if (rest.size() != source_chunk().size) return fail(damaged("a chunk is shorter than its entry says"));
    while (!rest.empty()) {
      const auto message = decode_log_entry(rest, place_.topic_id, place_.partition);
      if (!message || message->base_offset != next_offset_ || message->message_number != next_message_number_)
        return fail(damaged(sources_[segment_].name));
      next_offset_ = message->next_offset;
      ++next_message_number_;
      last_ts_ns_ = message->ts_ns;
      rest = rest.subspan(message->stored_bytes);
    }
    bytes_ += answer.value.size();
    parts_.push_back(answer.value);
    ++chunk_;
    step();
  }

  void put() {
    chunks_.put(std::exchange(parts_, {}), deadline_, [self = shared_from_this()](result<chunk_id> answer) {
      self->later_([self, answer = std::move(answer)] { self->take_put(answer); });
    });
  }

  void take_put(const result<chunk_id>& answer) {
    if (!answer.is_ok()) return fail(answer.what);
    copied_.push_back({answer.value, file_bytes_, bytes_, last_ts_ns_});
    file_bytes_ += std::exchange(bytes_, 0);
    step();
  }

  void fail(outcome what) { done_({std::move(what), std::move(copied_)}); }

  chunk_port& chunks_;
  const partition_place place_;
  const std::vector<segment> sources_;
  const std::uint64_t max_chunk_bytes_;
  const time_point deadline_;
  const run_later later_;
  const completion<result<std::vector<chunk_ref>>> done_;
  std::size_t segment_ = 0;  // the next chunk to read
  std::size_t chunk_ = 0;
  std::int64_t next_offset_;
  std::int64_t next_message_number_;
  std::int64_t last_ts_ns_ = 0;
  std::vector<shared_bytes> parts_;  // of the next copied chunk
  std::uint64_t bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::vector<chunk_ref> copied_;
};

std::string encode_names(const std::vector<segment>& sources) {
  be_writer out;
  out.put(sources_version).put(static_cast<std::uint16_t>(sources.size()));
  for (const auto& s : sources) out.put(s.name_second).put(s.base_offset);
  return out.take();
}

auto find_sources(const std::vector<segment>& all, const std::vector<segment>& sources) {
  return std::ranges::search(all, sources).begin();
}

/// No mark lies between a merged file and what may be left of its sources: they are always listed together.
std::vector<segment_mark> marks_without(std::vector<segment_mark> marks, const segment& merged) {
  std::erase_if(marks, [&](const segment_mark& m) {
    return m.base_offset > merged.base_offset && m.base_offset < merged.next_offset;
  });
  return marks;
}

}  // namespace

std::vector<segment> plan_merge(const log_state& log, const merge_rules& rules, std::int64_t from) {
  std::vector<segment> run;
  std::uint64_t bytes = 0;
  std::size_t chunks = 0;
  const auto is_worth_it = [&] { return run.size() >= rules.min_sources || chunks >= rules.min_chunks; };
  const auto closed = log.segments.empty() ? 0 : log.segments.size() - 1;
  for (std::size_t i = 0; i < closed; ++i) {
    const auto& s = log.segments[i];
    if (s.base_offset < from || s.next_offset <= log.log_start) continue;  // what is below the log start goes soon
    const bool fits = is_small(s, rules) && bytes + s.size_bytes() <= rules.max_bytes;
    if (!run.empty() && (!fits || !continues(run.back(), s))) {
      if (is_worth_it()) return run;
      run.clear();
      bytes = chunks = 0;
    }
    if (!is_small(s, rules)) continue;
    bytes += s.size_bytes();
    chunks += s.chunks.size();
    run.push_back(s);
    if (run.size() == rules.max_sources) return run;
  }
  if (!is_worth_it()) run.clear();
  return run;
}

void copy_segments(chunk_port& chunks, const partition_place& place, std::vector<segment> sources,
                   std::uint64_t max_chunk_bytes, time_point deadline, run_later later,
                   completion<result<std::vector<chunk_ref>>> done) {
  std::make_shared<segment_copier>(chunks, place, std::move(sources), max_chunk_bytes, deadline, std::move(later),
                                   std::move(done))
    ->step();
}

segment merged_segment(const partition_place& place, const std::vector<segment>& sources,
                       std::vector<chunk_ref> copied) {
  const auto& last = sources.back();
  segment merged = sources.front();
  merged.name_second = last.name_second;
  merged.name = segment_name(merged.name_second, merged.base_offset);
  merged.path = place.directory + "/" + merged.name;
  merged.next_offset = last.next_offset;
  merged.last_ts_ns = last.last_ts_ns;
  merged.leader_epoch = last.leader_epoch;
  merged.next_message_number = last.next_message_number;
  for (const auto& s : sources) merged.max_timestamp = std::max(merged.max_timestamp, s.max_timestamp);
  merged.chunks = std::move(copied);
  return merged;
}

std::vector<mutation> merge_mutations(const log_state& log, const partition_place& place,
                                      const std::vector<segment>& sources, const segment& merged) {
  if (find_sources(log.segments, sources) == log.segments.end()) return {};
  std::vector<mutation> unit{write_partition_entry(log, place, marks_without(log.marks, merged)),
                             put_segment(merged, place)};
  unit.back().target.attributes.emplace(sources_attribute, encode_names(sources));
  unit.back().new_chunk_bytes = merged.size_bytes();
  for (const auto& s : sources)
    if (s.path != merged.path) unit.push_back({mutation::kind::erase, {s.path, "", {}, {}}});
  return unit;
}

void apply_merge(log_state& log, const std::vector<segment>& sources, const segment& merged) {
  const auto found = find_sources(log.segments, sources);
  if (found == log.segments.end()) throw std::logic_error("the sources of a merge are not in the log");
  const auto first = log.segments.begin() + (found - log.segments.begin());
  *first = merged;
  log.segments.erase(first + 1, first + static_cast<std::ptrdiff_t>(sources.size()));
  log.marks = marks_without(std::move(log.marks), merged);
  log.has_partition_entry = true;
}

std::optional<std::vector<std::string>> merged_names(const entry& e) {
  std::vector<std::string> names;
  const auto stored = e.attributes.find(sources_attribute);
  if (stored == e.attributes.end()) return names;
  be_reader in{as_byte_view(stored->second)};
  if (in.get<std::uint8_t>() != sources_version) return std::nullopt;
  for (auto left = in.get<std::uint16_t>(); left > 0 && in.ok(); --left) {
    const auto second = in.get<std::int64_t>();
    auto name = segment_name(second, in.get<std::int64_t>());
    if (!e.path.ends_with("/" + name)) names.push_back(std::move(name));
  }
  if (!in.ok()) return std::nullopt;
  return names;
}

}  // namespace tidegate::smq
