#include "smq/entry_path.hpp"
#include "smq/segments/log.hpp"
#include "smq/segments/merge_log.hpp"
#include "smq/segments/segment_attributes.hpp"
#include "smq/segments/segment_name.hpp"
#include "smq/step_loop.hpp"

#include <algorithm>
#include <set>

namespace tidegate::smq {

namespace {

constexpr std::size_t page_entries = 256;  // with up to 64 chunks each, a page stays below one megabyte

outcome damaged(const std::string& why) { return {status::refused, "damaged: " + why, 0}; }

bool is_known_neighbour(std::string_view name) {
  return name == "tidegate.offset" || name == "checkpoint.offset" || name == "consumers";
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
  return s;
}

/// First the partition entry, then page after page of the directory.
class log_loader final : public step_loop {
 public:
  log_loader(engine ports, partition_place place, time_point deadline, completion<result<log_state>> done)
    : entries_(ports.entries), place_(std::move(place)), deadline_(deadline), done_(std::move(done)) {}

 private:
  enum class waiting_for : std::uint8_t { start, partition_entry, page };

  bool step() override {
    switch (waiting_for_) {
      case waiting_for::start:
        return ask_partition_entry();
      case waiting_for::partition_entry:
        return take_partition_entry() && ask_page();
      case waiting_for::page:
        if (!take_page()) return false;
        return page_.value.more ? ask_page() : finish();
    }
    return false;
  }

  bool ask_partition_entry() {
    waiting_for_ = waiting_for::partition_entry;
    entries_.get(place_.directory + "/tidegate.offset", deadline_,
                 [self = shared_from_this(), this](result<entry> answer) {
                   partition_entry_ = std::move(answer);
                   resume();
                 });
    return true;
  }

  bool ask_page() {
    waiting_for_ = waiting_for::page;
    entries_.list(place_.directory, after_, page_entries, true, deadline_,
                  [self = shared_from_this(), this](result<list_page> answer) {
                    page_ = std::move(answer);
                    resume();
                  });
    return true;
  }

  bool take_partition_entry() {
    if (partition_entry_.what.code == status::absent) return true;
    if (!partition_entry_.is_ok()) return fail(partition_entry_.what);
    auto e = decode_partition_entry(partition_entry_.value.content);
    if (!e) return fail(damaged("tidegate.offset cannot be read"));
    if (e->topic_id != place_.topic_id || e->partition != place_.partition)
      return fail(damaged("tidegate.offset is another partition's"));
    log_.has_partition_entry = true;
    log_.log_start = e->log_start;
    log_.next_offset = e->next_offset;
    log_.next_message_number = e->next_message_number;
    log_.last_ts_ns = e->last_ts_ns;
    log_.epochs = std::move(e->epochs);
    log_.gaps = std::move(e->gaps);
    log_.snapshot = std::move(e->snapshot);
    log_.snapshot_offset = e->snapshot_offset;
    return true;
  }

  bool take_page() {
    if (!page_.is_ok()) return fail(page_.what);
    if (page_.value.more && page_.value.entries.empty()) return fail({status::unknown, "an empty page, and more", 0});
    for (const auto& name : page_.value.directories) {
      if (parse_segment_name(name)) return fail(damaged(name + " is a directory"));
      if (!is_known_neighbour(name)) ++log_.foreign_files;
    }
    for (const auto& e : page_.value.entries) {
      const std::string name{name_of(e.path)};
      after_ = name;
      auto parts = parse_segment_name(name);
      if (parts) {
        auto s = segment_of(e, name, *parts, place_);
        auto replaced = merged_names(e);
        if (!s || !replaced) return fail(damaged(name + " is not a segment of this partition"));
        replaced_.insert(replaced->begin(), replaced->end());
        log_.segments.push_back(std::move(*s));
      } else if (!is_known_neighbour(name)) {
        ++log_.foreign_files;
      }
    }
    return true;
  }

  /// A crash between the PUT of a merged file and the last delete leaves some of its sources behind.
  void drop_merged() {
    std::erase_if(log_.segments, [this](const segment& s) {
      if (!replaced_.contains(s.name)) return false;
      log_.leftovers.push_back(s.path);
      return true;
    });
  }

  bool finish() {
    if (!replaced_.empty()) drop_merged();
    for (std::size_t i = 0; i < log_.segments.size(); ++i) {
      const auto& s = log_.segments[i];
      if (i > 0) {
        const auto& before = log_.segments[i - 1];
        if (s.base_offset < before.next_offset || s.first_message_number < before.next_message_number ||
            s.first_ts_ns <= before.last_ts_ns)
          return fail(damaged(before.name + " and " + s.name + " overlap"));
      }
      if (log_.epochs.empty() || log_.epochs.back().epoch < s.leader_epoch)
        log_.epochs.push_back({s.leader_epoch, s.base_offset});
    }
    if (!log_.segments.empty()) {
      const auto& newest = log_.segments.back();
      log_.next_offset = std::max(log_.next_offset, newest.next_offset);
      log_.next_message_number = std::max(log_.next_message_number, newest.next_message_number);
      log_.last_ts_ns = std::max(log_.last_ts_ns, newest.last_ts_ns);
    }
    done_({{}, std::move(log_)});
    return false;
  }

  bool fail(outcome what) {
    done_({std::move(what), {}});
    return false;
  }

  entry_port& entries_;
  partition_place place_;
  time_point deadline_;
  completion<result<log_state>> done_;
  waiting_for waiting_for_ = waiting_for::start;
  result<entry> partition_entry_;
  result<list_page> page_;
  std::string after_;
  std::set<std::string> replaced_;  // names of files that a merged one stands for
  log_state log_;
};

}  // namespace

void load_log(engine ports, partition_place place, time_point deadline, completion<result<log_state>> done) {
  std::make_shared<log_loader>(ports, std::move(place), deadline, std::move(done))->run();
}

}  // namespace tidegate::smq
