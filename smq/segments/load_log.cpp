#include "smq/names.hpp"
#include "smq/segments/list_segments.hpp"
#include "smq/segments/log.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

/// First the partition entry, then the files. Every pending callback holds it.
class log_loader final : public std::enable_shared_from_this<log_loader> {
 public:
  log_loader(engine ports, partition_place place, load_extent extent, time_point deadline,
             completion<result<log_state>> done)
    : entries_(ports.entries), place_(std::move(place)), extent_(extent), deadline_(deadline), done_(std::move(done)) {}

  void start() {
    entries_.get(partition_entry_path(place_.directory), deadline_, [self = shared_from_this()](result<entry> answer) {
      if (auto what = self->take_partition_entry(answer); !what.is_ok()) return self->done_({std::move(what), {}});
      self->list();
    });
  }

 private:
  outcome take_partition_entry(const result<entry>& answer) {
    if (answer.what.code == status::absent) return {};
    if (!answer.is_ok()) return answer.what;
    auto e = decode_partition_entry(answer.value.content);
    if (!e) return unreadable("tidegate.offset", answer.value.content, partition_entry_version);
    if (e->topic_id != place_.topic_id || e->partition != place_.partition)
      return damaged("tidegate.offset is another partition's");
    log_.log_start = e->log_start;
    log_.next_offset = e->next_offset;
    log_.next_message_number = e->next_message_number;
    log_.last_ts_ns = e->last_ts_ns;
    log_.epochs = std::move(e->epochs);
    log_.gaps = std::move(e->gaps);
    log_.snapshot = std::move(e->snapshot);
    log_.snapshot_offset = e->snapshot_offset;
    log_.marks = std::move(e->marks);
    return {};
  }

  void list() {
    segment_range range;
    if (extent_ == load_extent::newest && !log_.marks.empty()) range.from = log_.marks.back();
    list_segments(entries_, place_, range, deadline_,
                  [self = shared_from_this(), range](result<listed_segments> found) {
                    if (!found.is_ok()) return self->done_({std::move(found.what), {}});
                    self->take_segments(range, std::move(found.value));
                  });
  }

  void take_segments(const segment_range& range, listed_segments found) {
    if (range.from && found.segments.empty()) {  // the end of the log is missing: what is there ends before the mark
      log_.marks.clear();
      return list();
    }
    if (range.from) note_unlisted();
    if (auto what = add_listed(log_, range, std::move(found)); !what.is_ok()) return done_({std::move(what), {}});
    for (const auto& s : log_.segments)
      if (log_.epochs.empty() || log_.epochs.back().epoch < s.leader_epoch)
        log_.epochs.push_back({s.leader_epoch, s.base_offset});
    if (!log_.segments.empty()) {
      const auto& newest = log_.segments.back();
      log_.next_offset = std::max(log_.next_offset, newest.next_offset);
      log_.next_message_number = std::max(log_.next_message_number, newest.next_message_number);
      log_.last_ts_ns = std::max(log_.last_ts_ns, newest.last_ts_ns);
    }
    add_marks(log_);
    done_({{}, std::move(log_)});
  }

  void note_unlisted() {
    segment_range below;
    for (const auto& mark : log_.marks) {
      below.to = mark;
      log_.unlisted.push_back(below);
      below.from = mark;
    }
  }

  entry_port& entries_;
  const partition_place place_;
  const load_extent extent_;
  const time_point deadline_;
  const completion<result<log_state>> done_;
  log_state log_;
};

}  // namespace

void load_log(engine ports, partition_place place, load_extent extent, time_point deadline,
              completion<result<log_state>> done) {
  std::make_shared<log_loader>(ports, std::move(place), extent, deadline, std::move(done))->start();
}

}  // namespace tidegate::smq
