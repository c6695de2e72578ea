#include "actors/group/native_groups.hpp"

#include "actors/log.hpp"

#include <utility>

namespace tidegate::actors {

void native_groups::find(known_groups is_known, completion done) {
  if (!store_->has_native_subscribers) return done({});
  if (waiting_.empty() && last_ && std::chrono::steady_clock::now() - begun_ < max_age) return done({{}, *last_});
  waiting_.push_back(std::move(done));
  if (waiting_.size() == 1) start(std::move(is_known));
}

void native_groups::start(known_groups is_known) {
  last_.reset();
  forgotten_.clear();
  begun_ = std::chrono::steady_clock::now();
  const auto known = store_->topics.current();
  smq::scan_groups(store_->engine.entries, topics_of(*known), std::move(is_known), {}, store_->deadline(),
                   [this, post = post_, complete = known->proves_ids_absent()](smq::result<smq::group_scan> found) {
                     found.value.complete &= complete;
                     post([this, found = std::move(found)] { finish(found); });
                   });
}

void native_groups::finish(smq::result<smq::group_scan> found) {
  if (!found.is_ok())
    log_event(log_level::warn, "positions cannot be listed", {{"reason", found.what.reason}});
  else if (!found.value.complete)
    log_event(log_level::warn, "groups of native subscribers are missing in lists: too many files or unknown topics");
  for (const auto& group : forgotten_) found.value.groups.erase(group);
  if (found.is_ok()) last_ = found.value;
  for (auto& done : std::exchange(waiting_, {})) done(found);
}

void native_groups::forget(const std::string& group_id) {
  if (last_) last_->groups.erase(group_id);
  if (!waiting_.empty()) forgotten_.insert(group_id);
}

}  // namespace tidegate::actors
