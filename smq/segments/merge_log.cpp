#include "smq/segments/merge_log.hpp"

#include "smq/segments/big_endian.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <stdexcept>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr const char* sources_attribute = "tg.src";
constexpr std::uint8_t sources_version = 1;

constexpr std::size_t reads_at_once = 4;  // half of our connections to a volume server: others read, too
constexpr std::uint64_t bytes_at_once = std::uint64_t{1} << 20;

/// Reads chunks, a few at once, and puts them together in order. Every pending callback holds it.
class segment_copier final : public std::enable_shared_from_this<segment_copier> {
 public:
  segment_copier(chunk_port& chunks, const partition_place& place, std::vector<segment> sources,
                 std::uint64_t max_chunk_bytes, time_point deadline, run_later later,
                 completion<result<std::vector<chunk_ref>>> done)
    : chunks_(chunks), place_(place), sources_(std::move(sources)), max_chunk_bytes_(max_chunk_bytes),
      deadline_(deadline), later_(std::move(later)), done_(std::move(done)),
      next_offset_(sources_.front().base_offset), next_message_number_(sources_.front().first_message_number) {}

  void step() {
    if (is_over_ || is_putting_) return;  // what is read meanwhile waits
    while (!reads_.empty() && reads_.front()->answer) {
      if (!parts_.empty() && bytes_ + reads_.front()->size > max_chunk_bytes_) return put();
      const auto next = std::move(reads_.front());
      reads_.pop_front();
      bytes_ahead_ -= next->size;
      if (auto what = take(*next); !what.is_ok()) return finish(std::move(what));
    }
    read_ahead();
    if (!reads_.empty()) return;
    if (!parts_.empty()) return put();
    if (next_offset_ != sources_.back().next_offset) return finish(damaged(sources_.back().name + " ends early"));
    finish({});
  }

 private:
  /// One chunk of a source, on its way or not taken yet.
  struct chunk_read {
    const segment& source;
    std::uint64_t size;
    bool ends_source;
    std::optional<result<shared_bytes>> answer;
  };

  void read_ahead() {
    for (; segment_ < sources_.size(); ++segment_, chunk_ = 0) {
      const auto& source = sources_[segment_];
      for (; chunk_ < source.chunks.size(); ++chunk_) {
        const auto size = source.chunks[chunk_].size;
        const bool is_enough = reads_.size() == reads_at_once || bytes_ahead_ + size > bytes_at_once;
        if (!reads_.empty() && is_enough) return;
        read(source, chunk_);
      }
    }
  }

  void read(const segment& source, std::size_t number) {
    const auto& chunk = source.chunks[number];
    const bool ends_source = number + 1 == source.chunks.size();
    const auto slot = std::make_shared<chunk_read>(chunk_read{source, chunk.size, ends_source, std::nullopt});
    reads_.push_back(slot);
    bytes_ahead_ += chunk.size;
    chunks_.get(chunk.id, 0, chunk.size, deadline_, [self = shared_from_this(), slot](result<shared_bytes> answer) {
      self->later_([self, slot, answer = std::move(answer)] {
        slot->answer = answer;
        self->step();
      });
    });
  }

  /// Nothing is copied that the source does not prove: a damaged file stays where it is.
  outcome take(const chunk_read& read) {
    if (!read.answer->is_ok()) return read.answer->what;
    const auto& bytes = read.answer->value;
    auto rest = bytes.view();
    if (rest.size() != read.size) return damaged("a chunk is shorter than its entry says");
    while (!rest.empty()) {
      const auto message = decode_log_entry(rest, place_.topic_id, place_.partition);
      if (!message || message->base_offset != next_offset_ || message->message_number != next_message_number_)
        return damaged(read.source.name);
      next_offset_ = message->next_offset;
      ++next_message_number_;
      last_ts_ns_ = message->ts_ns;
      rest = rest.subspan(message->stored_bytes);
    }
    if (read.ends_source && next_offset_ != read.source.next_offset) return damaged(read.source.name + " ends early");
    bytes_ += bytes.size();
    parts_.push_back(bytes);
    return {};
  }

  void put() {
    is_putting_ = true;
    chunks_.put(std::exchange(parts_, {}), deadline_, [self = shared_from_this()](result<chunk_id> answer) {
      self->later_([self, answer = std::move(answer)] { self->take_put(answer); });
    });
  }

  void take_put(const result<chunk_id>& answer) {
    is_putting_ = false;
    if (!answer.is_ok()) return finish(answer.what);
    copied_.push_back({answer.value, file_bytes_, bytes_, last_ts_ns_});
    file_bytes_ += std::exchange(bytes_, 0);
    step();
  }

  void finish(outcome what) {
    is_over_ = true;
    done_({std::move(what), std::move(copied_)});
  }

  chunk_port& chunks_;
  const partition_place place_;
  const std::vector<segment> sources_;
  const std::uint64_t max_chunk_bytes_;
  const time_point deadline_;
  const run_later later_;
  const completion<result<std::vector<chunk_ref>>> done_;
  std::size_t segment_ = 0;  // the next chunk to read
  std::size_t chunk_ = 0;
  std::deque<std::shared_ptr<chunk_read>> reads_;  // in order
  std::uint64_t bytes_ahead_ = 0;                  // of these
  bool is_putting_ = false;
  bool is_over_ = false;
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
