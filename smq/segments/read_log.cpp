#include "smq/segments/read_log.hpp"

#include "smq/segments/list_segments.hpp"
#include "smq/segments/log_entry.hpp"
#include "smq/step_loop.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

constexpr std::uint64_t search_read_bytes = 1024 * 1024;  // a usual chunk: the batch may be anywhere inside
constexpr std::uint64_t least_read_bytes = 64 * 1024;     // a round trip costs more than these bytes
constexpr std::uint64_t entry_overhead_bytes = 1024;
constexpr std::uint64_t message_length_bytes = 4;
constexpr std::uint64_t ahead_bytes = 4 * 1024 * 1024;  // a reader that goes on finds so much behind its read
constexpr std::size_t ahead_chunks = 32;

/// Finds the chunk by the first messages of chunks, then walks messages.
class log_reader final : public step_loop {
 public:
  log_reader(engine ports, std::shared_ptr<const log_view> view, std::int64_t offset, std::size_t max_bytes,
             time_point deadline, index_cache* index, completion<result<std::vector<shared_bytes>>> done,
             batch_observer seen)
    : chunks_(ports.chunks),
      view_(std::move(view)),
      wanted_(behind_gaps(view_->gaps, offset)),
      max_bytes_(max_bytes),
      deadline_(deadline),
      index_(index),
      done_(std::move(done)),
      seen_(std::move(seen)) {}

 private:
  enum class phase : std::uint8_t { locate, search, scan };

  bool step() override {
    if (asked_) {
      asked_ = false;
      if (!take_answer()) return false;
    }
    for (;;) {
      if (phase_ == phase::locate && !locate()) return false;
      if (phase_ == phase::search) {
        if (low_ < high_) return ask(probe(), 0, log_entry_head_bytes);
        start_scan({current().base_offset, low_, 0}, low_ == 0 ? current().base_offset : -1);
      }
      if (full_ || is_enough() || (expected_ >= 0 && expected_ >= view_->end_offset)) return finish();
      if (position_ < current().chunks[chunk_].size) {
        if (goes_on_) announce_next_chunks();
        return ask(chunk_, position_, next_read_bytes());
      }
      if (ends_with_chunk()) return finish();
      if (!next_chunk()) return false;
    }
  }

  const segment& current() const { return view_->segments[segment_]; }

  /// Whatever comes next is too much.
  bool is_enough() const { return !batches_.empty() && bytes_ >= max_bytes_; }

  bool locate() {
    if (wanted_ >= view_->end_offset) return finish();
    const auto& all = view_->segments;
    auto after = std::ranges::upper_bound(all, wanted_, {}, &segment::base_offset);
    if (after == all.begin()) return fail(damaged("no segment holds offset " + std::to_string(wanted_)));
    segment_ = static_cast<std::size_t>(after - all.begin()) - 1;
    if (wanted_ >= current().next_offset) return fail(damaged("no segment holds offset " + std::to_string(wanted_)));
    auto point = index_ ? index_->find(view_->topic_id, view_->partition, wanted_) : std::nullopt;
    if (point && !index_failed_ && point->segment_base_offset == current().base_offset &&
        point->chunk_index < current().chunks.size() && point->position < current().chunks[point->chunk_index].size) {
      start_scan(*point, wanted_);
      next_bytes_ = point->message_bytes;
      from_index_ = true;
      goes_on_ = true;  // where an earlier read ended
      return true;
    }
    phase_ = phase::search;
    low_ = 0;
    high_ = wanted_ == current().base_offset ? 0 : current().chunks.size() - 1;
    return true;
  }

  void start_scan(const index_point& at, std::int64_t expected) {
    phase_ = phase::scan;
    chunk_ = at.chunk_index;
    position_ = at.position;
    expected_ = expected;
  }

  /// So that the store brings them while this chunk is read and sent.
  void announce_next_chunks() {
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    auto chunk = chunk_ + 1;
    for (auto s = segment_; s < view_->segments.size(); ++s, chunk = 0) {
      const auto& listed = view_->segments[s].chunks;
      for (; chunk < listed.size(); ++chunk) {
        if (count++ == ahead_chunks || bytes >= ahead_bytes) return;
        chunks_.will_read(listed[chunk].id, listed[chunk].size);
        bytes += listed[chunk].size;
      }
    }
  }

  /// The next chunk would most likely not fit: an answer that is half full is not worth reading it to know.
  bool ends_with_chunk() const {
    if (batches_.empty() || bytes_ < max_bytes_ / 2 || chunk_ + 1 == current().chunks.size()) return false;
    return is_too_much(current().chunks[chunk_ + 1].size);
  }

  bool next_chunk() {
    position_ = 0;
    goes_on_ = true;
    if (++chunk_ < current().chunks.size()) return true;
    if (expected_ != current().next_offset) return damage("the segment ends early");
    expected_ = behind_gaps(view_->gaps, expected_);
    if (expected_ >= view_->end_offset) return answer_batches();
    chunk_ = 0;
    if (++segment_ < view_->segments.size() && current().base_offset == expected_) return true;
    return damage("no segment holds offset " + std::to_string(expected_));
  }

  /// Where the wanted batch is found, large messages are read one by one, each with the length of the one behind it:
  /// what does not fit into the answer would be read for nothing.
  std::uint64_t next_read_bytes() const {
    auto left = max_bytes_ > bytes_ ? max_bytes_ - bytes_ : 0;
    const bool is_found = expected_ == wanted_ || !batches_.empty();
    if (is_found && next_bytes_ > left / 2) {
      const bool is_wanted = is_cut_off_ || batches_.empty();
      return std::max(is_wanted ? next_bytes_ + message_length_bytes : 0, least_read_bytes);
    }
    auto least = std::max(is_found ? least_read_bytes : search_read_bytes, next_bytes_);
    return std::max<std::uint64_t>(std::min<std::uint64_t>(left, UINT32_MAX) + entry_overhead_bytes, least);
  }

  bool ask(std::size_t chunk, std::uint64_t position, std::uint64_t count) {
    const auto& c = current().chunks[chunk];
    asked_ = true;
    asked_bytes_ = std::min(count, c.size - position);
    chunks_.get(c.id, position, asked_bytes_, deadline_,
                [self = shared_from_this(), this](result<shared_bytes> answer) {
                  answer_ = std::move(answer);
                  resume();
                });
    return true;
  }

  bool take_answer() {
    if (!answer_.is_ok() && answer_.what.code != status::refused) return fail(answer_.what);
    if (phase_ == phase::search) return take_head();
    // The range comes from the segment's entry: a chunk that cannot give it is not the chunk that was written.
    if (!answer_.is_ok()) return damage("a chunk refused the read: " + answer_.what.reason);
    if (answer_.value.size() != asked_bytes_) return damage("a chunk is shorter than its entry says");
    return take_messages();
  }

  std::size_t probe() const { return one_by_one_ ? high_ : (low_ + high_ + 1) / 2; }

  bool take_head() {
    auto head =
        answer_.is_ok() ? peek_log_entry(answer_.value.view(), view_->topic_id, view_->partition) : std::nullopt;
    if (!head) {
      // A damaged chunk must not hide the others: look at them from the end. If it is in the way, the scan meets it.
      if (one_by_one_) --high_;
      one_by_one_ = true;
    } else if (head->base_offset > wanted_) {
      high_ = probe() - 1;
    } else {
      low_ = probe();
      if (one_by_one_) high_ = low_;
    }
    return true;
  }

  bool take_messages() {
    auto bytes = answer_.value;
    answer_.value = {};
    auto left_in_chunk = current().chunks[chunk_].size - position_;
    std::size_t at = 0;
    const auto first = batches_.size();
    is_cut_off_ = false;
    while (at < bytes.size() && !full_) {
      auto rest = bytes.view().subspan(at);
      auto stored = stored_log_entry_bytes(rest);
      if (stored.value_or(message_length_bytes) > left_in_chunk - at) return damage("a message is cut off");
      if (stored && is_too_much(*stored)) {
        full_ = true;
        remember(expected_, position_ + at, *stored);
        break;
      }
      if (!stored || *stored > rest.size()) {
        is_cut_off_ = true;
        next_bytes_ = stored.value_or(message_length_bytes);
        break;
      }
      auto entry = decode_log_entry(rest, view_->topic_id, view_->partition);
      if (!entry) return damage("a message or its batch is not what was written");
      if (!take_message(*entry, bytes.slice(at + entry->batch_position, entry->batch_bytes), position_ + at))
        return false;
      if (phase_ != phase::scan) return true;  // the index point was wrong: the search begins again
      if (!full_) at += entry->stored_bytes;
      next_bytes_ = *stored;  // probably
    }
    position_ += at;
    keep_only_batches(first, bytes.size());
    return true;
  }

  /// A batch keeps all bytes alive that it was read with: few of many are copied out.
  void keep_only_batches(std::size_t first, std::size_t read_bytes) {
    std::size_t kept = 0;
    for (auto i = first; i < batches_.size(); ++i) kept += batches_[i].size();
    if (kept >= read_bytes / 2) return;
    for (auto i = first; i < batches_.size(); ++i) batches_[i] = shared_bytes::copy_of(batches_[i].view());
  }

  /// Whatever is in the message, it does not fit behind the batches that are there.
  bool is_too_much(std::uint64_t stored_bytes) const {
    const auto batch_bytes = stored_bytes - std::min(stored_bytes, entry_overhead_bytes);
    return !batches_.empty() && bytes_ + batch_bytes > max_bytes_;
  }

  bool take_message(const log_entry& entry, shared_bytes batch, std::uint64_t position) {
    if (entry.base_offset != expected_ && (expected_ >= 0 || entry.base_offset > wanted_))
      return damage("offset " + std::to_string(entry.base_offset) + " does not continue " + std::to_string(expected_));
    if (entry.base_offset < current().base_offset || entry.next_offset > current().next_offset)
      return damage("a batch lies outside its segment");
    if (entry.base_offset >= view_->end_offset || (!batches_.empty() && bytes_ + batch.size() > max_bytes_)) {
      full_ = true;
      remember(entry.base_offset, position, entry.stored_bytes);
      return true;
    }
    expected_ = entry.next_offset;
    if (entry.next_offset <= wanted_) return true;
    // The first batch may be above max_bytes and then stays alone.
    bytes_ += batch.size();
    batches_.push_back(std::move(batch));
    if (seen_) seen_(entry.next_offset, entry.ts_ns);
    return true;
  }

  void remember(std::int64_t base_offset, std::uint64_t position, std::uint64_t message_bytes) {
    if (!index_) return;
    index_->put(view_->topic_id, view_->partition, base_offset, {current().base_offset, chunk_, position, message_bytes});
  }

  /// An index point may be older than a merge of its segment: then the search decides, and only it may call it damage.
  bool damage(const std::string& why) {
    if (!batches_.empty()) return answer_batches();
    if (!from_index_) return fail(damaged(segment_ < view_->segments.size() ? current().name + ": " + why : why));
    if (index_) index_->erase(view_->topic_id, view_->partition, wanted_);
    from_index_ = false;
    index_failed_ = true;
    is_cut_off_ = false;
    next_bytes_ = 0;
    full_ = false;
    phase_ = phase::locate;
    return true;
  }

  /// What was proven before is good and comes first: the trouble is the next read's answer.
  bool fail(outcome what) {
    if (!batches_.empty()) return answer_batches();
    done_({std::move(what), {}});
    return false;
  }

  bool finish() {
    if (!full_ && !batches_.empty() && index_) {
      // The next message may be the first of a chunk that is still to be written.
      auto at_end = position_ == current().chunks[chunk_].size;
      index_->put(view_->topic_id, view_->partition, expected_,
                  {current().base_offset, at_end ? chunk_ + 1 : chunk_, at_end ? 0 : position_, 0});
    }
    return answer_batches();
  }

  bool answer_batches() {
    done_({{}, std::move(batches_)});
    return false;
  }

  chunk_port& chunks_;
  std::shared_ptr<const log_view> view_;
  std::int64_t wanted_;
  std::size_t max_bytes_;
  time_point deadline_;
  index_cache* index_;
  completion<result<std::vector<shared_bytes>>> done_;
  const batch_observer seen_;

  phase phase_ = phase::locate;
  std::size_t segment_ = 0;
  std::size_t low_ = 0;  // search: the wanted batch is in chunk [low_, high_]
  std::size_t high_ = 0;
  bool one_by_one_ = false;
  std::size_t chunk_ = 0;  // scan: the next message is here
  std::uint64_t position_ = 0;
  std::int64_t expected_ = -1;  // its base offset; -1: any up to the wanted offset
  std::uint64_t next_bytes_ = 0;  // of the next message; when not known, of the one before it; 0: of none
  bool is_cut_off_ = false;       // the last read ended inside it
  bool from_index_ = false;
  bool index_failed_ = false;
  bool goes_on_ = false;  // chunk after chunk: the next ones are wanted, too
  bool full_ = false;
  bool asked_ = false;
  std::uint64_t asked_bytes_ = 0;
  result<shared_bytes> answer_;
  std::vector<shared_bytes> batches_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::shared_ptr<const log_view> make_view(const log_state& log, const partition_place& place, std::int64_t offset,
                                          std::int64_t end_offset, std::size_t max_segments) {
  auto view = std::make_shared<log_view>();
  view->topic_id = place.topic_id;
  view->partition = place.partition;
  view->log_start = log.log_start;
  view->end_offset = std::min(end_offset, log.next_offset);
  view->gaps = log.gaps;
  auto first = std::ranges::upper_bound(log.segments, behind_gaps(log.gaps, offset), {}, &segment::base_offset);
  if (first != log.segments.begin()) --first;
  auto last = first;
  while (last != log.segments.end() && view->segments.size() < max_segments &&
         (last == first || !is_unlisted_between(log, *(last - 1), *last)))
    view->segments.push_back(*last++);
  if (last != log.segments.end() && !view->segments.empty())
    view->end_offset = std::min(view->end_offset, view->segments.back().next_offset);
  return view;
}

void read_log(engine ports, std::shared_ptr<const log_view> view, std::int64_t offset, std::size_t max_bytes,
              time_point deadline, index_cache* index, completion<result<std::vector<shared_bytes>>> done,
              batch_observer seen) {
  std::make_shared<log_reader>(ports, std::move(view), offset, max_bytes, deadline, index, std::move(done),
                               std::move(seen))
    ->run();
}

}  // namespace tidegate::smq
