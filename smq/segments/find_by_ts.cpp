#include "smq/segments/find_by_ts.hpp"

#include "smq/segments/log_entry.hpp"
#include "smq/step_loop.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

constexpr std::uint64_t scan_read_bytes = 64 * 1024;  // small batches lie side by side; large ones are stepped over

/// Looks into one segment whose first message is consumed and whose last is not.
class ts_finder final : public step_loop {
 public:
  ts_finder(engine ports, std::shared_ptr<const log_view> view, std::size_t segment, std::int64_t value_ns,
            time_point deadline, completion<result<std::int64_t>> done)
    : chunks_(ports.chunks),
      view_(std::move(view)),
      in_(view_->segments[segment]),
      value_ns_(value_ns),
      deadline_(deadline),
      done_(std::move(done)),
      high_(in_.chunks.empty() ? 0 : in_.chunks.size() - 1) {}

 private:
  bool step() override {
    if (in_.chunks.empty()) return damage("a segment without chunks has messages");
    if (asked_) {
      asked_ = false;
      if (!answer_.is_ok()) return fail();
      if (answer_.value.size() != asked_bytes_) return damage("a chunk is shorter than its entry says");
      if (!(searching_ ? take_head() : take_heads())) return false;
    }
    if (searching_ && low_ < high_) return ask(probe(), 0, log_entry_head_bytes);
    searching_ = false;
    for (; chunk() < in_.chunks.size(); ++scanned_, position_ = 0)
      if (position_ < in_.chunks[chunk()].size) return ask(chunk(), position_, scan_read_bytes);
    return damage("the last message of a segment is not where its entry says");
  }

  /// The chunk that is scanned: the last one that begins with a consumed message, then those behind it.
  [[nodiscard]] std::size_t chunk() const { return low_ + scanned_; }
  [[nodiscard]] std::size_t probe() const { return (low_ + high_ + 1) / 2; }

  bool ask(std::size_t chunk, std::uint64_t position, std::uint64_t count) {
    const auto& c = in_.chunks[chunk];
    asked_ = true;
    asked_bytes_ = std::min(count, c.size - position);
    chunks_.get(c.id, position, asked_bytes_, deadline_,
                [self = shared_from_this(), this](result<shared_bytes> answer) {
                  answer_ = std::move(answer);
                  resume();
                });
    return true;
  }

  bool take_head() {
    auto head = peek_log_entry(answer_.value.view(), view_->topic_id, view_->partition);
    if (!head) return damage("a message is not what was written");
    if (is_consumed(head->ts_ns, value_ns_))
      low_ = probe();
    else
      high_ = probe() - 1;
    return true;
  }

  bool take_heads() {
    const auto bytes = answer_.value;
    const auto left_in_chunk = in_.chunks[chunk()].size - position_;
    std::uint64_t at = 0;
    while (at < bytes.size()) {
      const auto rest = bytes.view().subspan(static_cast<std::size_t>(at));
      // A head that the read cut off is read again from its beginning.
      if (at > 0 && rest.size() < log_entry_head_bytes && at + rest.size() < left_in_chunk) break;
      auto head = peek_log_entry(rest, view_->topic_id, view_->partition);
      if (!head || head->stored_bytes > left_in_chunk - at) return damage("a message is not what was written");
      if (head->base_offset < in_.base_offset || head->base_offset >= in_.next_offset)
        return damage("a batch lies outside its segment");
      if (!is_consumed(head->ts_ns, value_ns_)) return finish(head->base_offset);
      at += head->stored_bytes;
    }
    position_ += at;
    return true;
  }

  bool finish(std::int64_t base_offset) {
    done_({{}, std::min(std::max(base_offset, view_->log_start), view_->end_offset)});
    return false;
  }

  bool fail() {
    // The range comes from the segment's entry: a chunk that cannot give it is not the chunk that was written.
    if (answer_.what.code == status::refused) return damage("a chunk refused the read: " + answer_.what.reason);
    done_({answer_.what, -1});
    return false;
  }

  bool damage(const std::string& why) {
    done_({damaged(why + " in " + in_.path), -1});
    return false;
  }

  chunk_port& chunks_;
  std::shared_ptr<const log_view> view_;
  const segment& in_;
  std::int64_t value_ns_;
  time_point deadline_;
  completion<result<std::int64_t>> done_;

  bool searching_ = true;
  std::size_t low_ = 0;  // search: the last chunk that begins with a consumed message is in [low_, high_]
  std::size_t high_;
  std::size_t scanned_ = 0;
  std::uint64_t position_ = 0;
  bool asked_ = false;
  std::uint64_t asked_bytes_ = 0;
  result<shared_bytes> answer_;
};

}  // namespace

void find_by_ts(engine ports, std::shared_ptr<const log_view> view, std::int64_t value_ns, time_point deadline,
                completion<result<std::int64_t>> done) {
  const auto& all = view->segments;
  const auto found = std::ranges::partition_point(
    all, [value_ns](const segment& s) { return is_consumed(s.last_ts_ns, value_ns); });
  const auto end_before = found == all.begin() ? view->log_start : std::prev(found)->next_offset;
  const auto before = behind_gaps(view->gaps, std::max(view->log_start, end_before));
  const auto next = found == all.end() ? view->end_offset : found->base_offset;
  // What is missing there may be what the subscriber has not had.
  if (before < next) return done({damaged("no segment holds offset " + std::to_string(before)), -1});
  if (found == all.end() || !is_consumed(found->first_ts_ns, value_ns))
    return done({{}, std::min(std::max(next, view->log_start), view->end_offset)});
  const auto index = static_cast<std::size_t>(found - all.begin());
  std::make_shared<ts_finder>(ports, std::move(view), index, value_ns, deadline, std::move(done))->run();
}

}  // namespace tidegate::smq
