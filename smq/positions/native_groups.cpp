#include "smq/positions/native_groups.hpp"

#include "smq/entry_path.hpp"
#include "smq/names.hpp"
#include "smq/step_loop.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t lookups_per_call = 512;
constexpr std::size_t files_per_page = 1000;

/// All partitions of all topics, one after the other.
class partition_walk {
 public:
  explicit partition_walk(topic_list topics) : topics_(std::move(topics)) {}

  /// False: there are no more.
  bool next(position_file& where) {
    while (topic_ < topics_.size() && partition_ >= topics_[topic_]->partitions) {
      ++topic_;
      partition_ = 0;
    }
    if (topic_ == topics_.size()) return false;
    where = {topics_[topic_], partition_++};
    return true;
  }

 private:
  topic_list topics_;
  std::size_t topic_ = 0;
  std::int32_t partition_ = 0;
};

class position_finder final : public step_loop {
 public:
  position_finder(entry_port& entries, std::string group_id, topic_list topics, time_point deadline,
                  completion<result<std::vector<position_file>>> done)
    : entries_(entries), group_id_(std::move(group_id)), rest_(std::move(topics)), deadline_(deadline),
      done_(std::move(done)) {}

 private:
  bool step() override {
    if (!take_answer()) return false;
    asked_.clear();
    std::vector<std::string> paths;
    for (position_file where; paths.size() < lookups_per_call && rest_.next(where);) {
      paths.push_back(position_path(where.topic->directory_of(where.partition), group_id_));
      asked_.push_back(std::move(where));
    }
    if (asked_.empty()) {
      done_({{}, std::move(found_)});
      return false;
    }
    entries_.get_many(std::move(paths), deadline_,
                      [self = shared_from_this(), this](result<std::vector<result<entry>>> answer) {
                        answer_ = std::move(answer);
                        resume();
                      });
    return true;
  }

  /// False: it ended everything.
  bool take_answer() {
    if (answer_.is_ok() && answer_.value.size() != asked_.size()) answer_.what = {status::unknown, "short answer", 0};
    if (!answer_.is_ok()) {
      done_({answer_.what, {}});
      return false;
    }
    for (std::size_t i = 0; i < asked_.size(); ++i)
      if (answer_.value[i].what.code != status::absent) found_.push_back(std::move(asked_[i]));  // also what is no file
    return true;
  }

  entry_port& entries_;
  const std::string group_id_;
  partition_walk rest_;
  const time_point deadline_;
  completion<result<std::vector<position_file>>> done_;
  std::vector<position_file> asked_;
  result<std::vector<result<entry>>> answer_;
  std::vector<position_file> found_;
};

/// What the lanes of one scan share. The last of them answers.
struct scan_state {
  scan_state(entry_port& store, topic_list topics, const scan_limits& limits, time_point give_up)
    : entries(store), most(limits), deadline(give_up), rest(std::move(topics)),
      until(std::chrono::steady_clock::now() + limits.patience) {}

  entry_port& entries;
  const scan_limits most;
  const time_point deadline;
  /// What is at `path`, in the partition `where`. False: no more can be taken.
  std::function<bool(const position_file& where, const std::string& path)> take_file;
  std::function<void(const outcome& what, bool complete)> done;

  std::mutex mutex;  // guards what follows
  partition_walk rest;
  const time_point until;
  std::size_t files = 0;
  std::size_t lanes = 0;
  outcome failure;
  bool complete = true;

  bool is_over() const { return !failure.is_ok() || !complete; }

  void take(const position_file& where, const list_page& page) {
    for (const auto& file : page.entries)
      if (!take_file(where, file.path)) {
        complete = false;
        return;
      }
    files += page.entries.size();
    if (files > most.most_files || std::chrono::steady_clock::now() > until) complete = false;
  }
};

/// Behind which the next page begins. "": nothing is on this one.
std::string last_name(const list_page& page) {
  if (!page.entries.empty()) return std::string{name_of(page.entries.back().path)};
  return page.directories.empty() ? "" : *std::ranges::max_element(page.directories);
}

/// Lists one partition after the other.
class scan_lane final : public step_loop {
 public:
  explicit scan_lane(std::shared_ptr<scan_state> scan) : scan_(std::move(scan)) {}

 private:
  bool step() override {
    {
      std::unique_lock lock(scan_->mutex);
      if (!take_answer() || !next_list()) {
        if (--scan_->lanes > 0) return false;
        lock.unlock();
        scan_->done(scan_->failure, scan_->complete);
        return false;
      }
    }
    scan_->entries.list(directory_, after_, files_per_page, false, scan_->deadline,
                        [self = shared_from_this(), this](result<list_page> answer) {
                          answer_ = std::move(answer);
                          resume();
                        });
    return true;
  }

  /// False: the scan is over.
  bool take_answer() {
    if (answer_.value.more && last_name(answer_.value).empty())
      answer_.what = {status::unknown, "an empty page, and more", 0};
    if (!answer_.is_ok() && scan_->failure.is_ok()) scan_->failure = answer_.what;
    if (!scan_->is_over()) scan_->take(where_, answer_.value);
    return !scan_->is_over();
  }

  bool next_list() {
    if (answer_.value.more) {
      after_ = last_name(answer_.value);
      return true;
    }
    if (!scan_->rest.next(where_)) return false;
    directory_ = positions_directory(where_.topic->directory_of(where_.partition));
    after_.clear();
    return true;
  }

  const std::shared_ptr<scan_state> scan_;
  position_file where_;
  std::string directory_;
  std::string after_;
  result<list_page> answer_;
};

void run(const std::shared_ptr<scan_state>& scan) {
  scan->lanes = std::max<std::size_t>(scan->most.at_once, 1);
  for (auto left = scan->lanes; left > 0; --left) std::make_shared<scan_lane>(scan)->run();
}

}  // namespace

void find_positions(entry_port& entries, const std::string& group_id, topic_list topics, time_point deadline,
                    completion<result<std::vector<position_file>>> done) {
  std::make_shared<position_finder>(entries, group_id, std::move(topics), deadline, std::move(done))->run();
}

void scan_groups(entry_port& entries, topic_list topics, std::function<bool(const std::string&)> is_known,
                 const scan_limits& limits, time_point deadline, completion<result<group_scan>> done) {
  auto scan = std::make_shared<scan_state>(entries, std::move(topics), limits, deadline);
  auto found = std::make_shared<std::set<std::string>>();
  scan->take_file = [found, is_known = std::move(is_known), most = limits.most_groups](const position_file&,
                                                                                     const std::string& path) {
    auto group = group_of_position(path);
    if (!group || found->contains(*group) || is_known(*group)) return true;
    if (found->size() == most) return false;
    found->insert(std::move(*group));
    return true;
  };
  scan->done = [found, done = std::move(done)](const outcome& what, bool complete) {
    done({what, {std::move(*found), complete}});
  };
  run(scan);
}

void scan_positions(entry_port& entries, const std::vector<std::string>& groups, topic_list topics,
                    const scan_limits& limits, time_point deadline, completion<result<position_scan>> done) {
  auto scan = std::make_shared<scan_state>(entries, std::move(topics), limits, deadline);
  auto found = std::make_shared<std::map<std::string, std::vector<position_file>>>();
  std::map<std::string, std::string, std::less<>> names;  // of the files, also where one was shortened
  for (const auto& group : groups) names.emplace(name_of(position_path("", group)), group);
  scan->take_file = [found, names = std::move(names)](const position_file& where, const std::string& path) {
    auto wanted = names.find(name_of(path));
    if (wanted != names.end()) (*found)[wanted->second].push_back(where);
    return true;
  };
  scan->done = [found, done = std::move(done)](const outcome& what, bool complete) {
    done({what, {std::move(*found), complete}});
  };
  run(scan);
}

}  // namespace tidegate::smq
