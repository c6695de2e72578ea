#include "actors/group/position_lookups.hpp"

#include "smq/step_loop.hpp"

#include <iterator>
#include <utility>

namespace tidegate::actors {

namespace {

std::vector<msg::group_partition> places_of(const std::vector<smq::position_file>& files) {
  std::vector<msg::group_partition> places;
  for (const auto& [topic, partition] : files) places.push_back({topic->name, topic->id, partition});
  return places;
}

}  // namespace

/// Looks up one group, or all that wait, and then the next ones.
class position_lookups::lane final : public smq::step_loop {
 public:
  lane(std::shared_ptr<position_lookups> of, std::vector<wanted> first)
    : of_(std::move(of)), asked_(std::move(first)) {}

 private:
  bool step() override {
    if (has_answer_) {
      give_answers();
      asked_ = of_->take();
    }
    if (asked_.empty()) return false;
    has_answer_ = true;
    const auto& store = *of_->store_;
    const auto known = store.topics.current();
    knows_all_ = known->proves_ids_absent();
    if (asked_.size() == 1)
      look_up(store, topics_of(*known));
    else
      scan(store, topics_of(*known));
    return true;
  }

  void look_up(const store_access& store, smq::topic_list topics) {
    smq::find_positions(store.engine.entries, asked_.front().group_id, std::move(topics), store.deadline(),
                        [self = shared_from_this(), this](smq::result<std::vector<smq::position_file>> found) {
                          found_ = {found.what, {}};
                          found_.value.files[asked_.front().group_id] = std::move(found.value);
                          resume();
                        });
  }

  void scan(const store_access& store, smq::topic_list topics) {
    std::vector<std::string> groups;
    for (const auto& one : asked_) groups.push_back(one.group_id);
    smq::scan_positions(store.engine.entries, groups, std::move(topics), of_->limits_, store.deadline(),
                        [self = shared_from_this(), this](smq::result<smq::position_scan> found) {
                          found_ = std::move(found);
                          resume();
                        });
  }

  void give_answers() {
    if (found_.is_ok() && !found_.value.complete) return of_->put_back(std::move(asked_));
    for (auto& one : asked_) {
      found_positions all;
      all.complete = knows_all_;
      if (!found_.is_ok()) all.error = error_code::coordinator_not_available;
      if (auto files = found_.value.files.find(one.group_id); files != found_.value.files.end())
        all.where = places_of(files->second);
      one.done(std::move(all));
    }
  }

  const std::shared_ptr<position_lookups> of_;
  std::vector<wanted> asked_;
  smq::result<smq::position_scan> found_;
  bool has_answer_ = false;
  bool knows_all_ = false;  // the topics, when it asked
};

void position_lookups::find(const std::string& group_id, completion done) {
  if (!store_->has_native_subscribers) return done({});
  wanted one{group_id, std::move(done)};
  bool is_refused = false;
  {
    std::lock_guard lock(mutex_);
    if (lanes_ == most_at_once) {
      is_refused = waiting_.size() >= most_waiting;
      if (!is_refused) return waiting_.push_back(std::move(one));
    } else {
      ++lanes_;
    }
  }
  if (is_refused) return one.done({error_code::coordinator_not_available, {}});
  std::vector<wanted> first;
  first.push_back(std::move(one));
  std::make_shared<lane>(shared_from_this(), std::move(first))->run();
}

std::vector<position_lookups::wanted> position_lookups::take() {
  std::vector<wanted> next;
  std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    --lanes_;
  } else if (waiting_.size() < worth_a_scan || waiting_.front().by_itself) {
    next.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  } else {
    next.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
    waiting_.clear();
  }
  return next;
}

/// Each by itself, and before those that came later.
void position_lookups::put_back(std::vector<wanted> unanswered) {
  for (auto& one : unanswered) one.by_itself = true;
  std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(unanswered.begin()),
                  std::make_move_iterator(unanswered.end()));
}

}  // namespace tidegate::actors
