// Deletions: the name is marked, the topic's owners let go, its files and then its entries are removed. What a kill, doubt
// or a deadline leaves of that is finished in the background.
#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/runtime/spawn.hpp"
#include "actors/topic/topic_registry_state.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>
#include <chrono>

namespace tidegate::actors {

namespace {

constexpr std::size_t most_gone = 10'000;
constexpr std::chrono::milliseconds first_backoff{1000};
constexpr std::chrono::milliseconds longest_backoff{30'000};
constexpr int calls_per_removal = 6;  // nobody waits for it, and a filer removes a large tree file by file

}  // namespace

void topic_registry_state::remove(const msg::delete_topic& m) {
  auto known = store_->topics.current();
  if (auto topic = m.name.empty() ? known->find(m.id) : known->find(m.name)) return begin_remove(m, *topic);
  auto answer = [this, m](const msg::topic_result& found) {
    if (found.topic) return begin_remove(m, *found.topic);
    if (m.name.empty() || found.error != error_code::unknown_topic_or_partition) return m.answer(found);
    // It may be one whose deletion began and was not finished: then its name is still taken.
    smq::topic_info begun;
    begun.name = m.name;
    begin_remove(m, begun);
  };
  reply<msg::topic_result> then{{}, [answer, post = poster()](msg::topic_result r) {
                                  post([answer, r] { answer(r); });
                                }};
  find({m.name, m.id, false, then});
}

void topic_registry_state::begin_remove(const msg::delete_topic& m, const smq::topic_info& topic) {
  auto removing = removing_.insert(topic.id);
  auto done = [this, m, topic, removing, post = poster()](smq::remove_answer answer) {
    post([this, m, topic, removing, answer = std::move(answer)] {
      removing_.erase(removing);
      if (answer.code == smq::remove_result::done) {
        auto marked = std::make_shared<smq::topic_info>(topic);
        marked->id = answer.topic_id;
        marked->creation_second = answer.creation_second;
        return release_owners(marked, store_->call_timeout, [m, marked](error_code e) { m.answer({e, marked}); });
      }
      const bool is_absent = answer.code == smq::remove_result::absent;
      if (is_absent) lose(topic.name, topic.id);
      // It may be marked, and then nothing may be stored in it any more. A change may have ended an earlier doubt.
      if (store_->topics.current()->find(topic.id)) {
        set_doubt(topic.name, true);
        settle(topic.name);
      }
      m.answer({is_absent ? error_code::unknown_topic_or_partition : error_code::request_timed_out, nullptr});
    });
  };
  if (store_->topics.current()->find(topic.id)) set_doubt(topic.name, true);  // until it is unpublished
  TIDEGATE_FAULT_POINT("topics.delete.before_mark");
  // Who names an id does not mean the next topic of that name.
  const auto only_id = m.name.empty() ? topic.id : uuid{};
  catalog_.begin_remove(topic.name, only_id, store_->random_uuid(), store_->deadline(), done);
}

/// `done`: none, or request_timed_out and the rest is done later. `patience`: for the removal.
void topic_registry_state::release_owners(const topic_ptr& marked, std::chrono::milliseconds patience,
                                          std::function<void(error_code)> done) {
  TIDEGATE_FAULT_POINT("topics.delete.before_release");
  auto removing = removing_.insert(marked->id);
  unpublish(marked, true);
  const auto topic = store_->topics.current()->deleting.at(marked->id);  // it may know how many partitions there were
  // Offset actors close their sessions first, so that no window of theirs writes below a removed directory.
  forget_(topic, [this, topic, removing, patience, done = std::move(done), post = poster()] {
    post([this, topic, removing, patience, done, post] {
      auto removed = [this, topic, removing, done, post](smq::remove_answer answer) {
        post([this, topic, removing, done, answer = std::move(answer)] {
          TIDEGATE_FAULT_POINT("topics.delete.before_answer");
          removing_.erase(removing);
          done(end_deletion(*topic, answer));
        });
      };
      TIDEGATE_FAULT_POINT("topics.delete.before_finish");
      const auto deadline = std::chrono::steady_clock::now() + patience;
      catalog_.finish_remove(topic->name, topic->id, store_->random_uuid(), deadline, removed);
    });
  });
}

error_code topic_registry_state::end_deletion(const smq::topic_info& topic, const smq::remove_answer& answer) {
  // Absent: another deletion of the same topic was faster.
  if (answer.code == smq::remove_result::done || answer.code == smq::remove_result::absent) {
    auto next = std::make_shared<topic_snapshot>(*store_->topics.current());
    next->deleting.erase(topic.id);
    store_->topics.publish(std::move(next));
    log_event(log_level::info, "topic deleted", {{"topic", topic.name}});
    return error_code::none;
  }
  if (std::exchange(why_unfinished_, answer.reason) != answer.reason)
    log_event(log_level::warn, "a deletion of a topic is not finished",
              {{"topic", topic.name}, {"reason", answer.reason}});
  finish_deletions();
  return error_code::request_timed_out;
}

/// What the snapshot knows of the topic says more than its name does: how many partitions it has.
void topic_registry_state::add_deletion(topic_snapshot& to, const smq::topic_info& begun) {
  const auto topic = to.find(begun.id);
  to.deleting.emplace(begun.id, topic ? topic : std::make_shared<const smq::topic_info>(begun));
}

/// Somebody read that the name is `deleting`: no other topic can have it before that is over.
void topic_registry_state::note_deletion(const smq::topic_info& begun) {
  const auto known = store_->topics.current();
  if (!known->deleting.contains(begun.id) && !gone_.contains(begun.id)) {
    auto next = std::make_shared<topic_snapshot>(*known);
    add_deletion(*next, begun);
    store_->topics.publish(std::move(next));
  }
  finish_deletions();
}

/// One at a time, until none is left. They are in the snapshot, where a registry that is started again finds them.
void topic_registry_state::finish_deletions() {
  if (store_->topics.current()->deleting.empty() || std::exchange(finishing_, true)) return;
  after(finish_backoff_, [this] { finish_next_deletion(); });
}

void topic_registry_state::finish_next_deletion() {
  const auto known = store_->topics.current();
  const auto& all = known->deleting;
  const auto is_left = [this](const auto& one) { return !removing_.contains(one.first); };  // by a request
  auto next = std::find_if(all.upper_bound(finished_), all.end(), is_left);
  if (next == all.end()) next = std::find_if(all.begin(), all.end(), is_left);
  if (next == all.end()) {
    finishing_ = false;
    return finish_deletions();
  }
  finished_ = next->first;
  release_owners(next->second, calls_per_removal * store_->call_timeout, [this, topic = next->second](error_code e) {
    if (e == error_code::none) {
      log_event(log_level::info, "a deletion that was begun earlier is finished", {{"topic", topic->name}});
      finish_backoff_ = first_backoff;
      return finish_next_deletion();
    }
    finish_backoff_ = std::min(2 * finish_backoff_, longest_backoff);
    finishing_ = false;
    finish_deletions();
  });
}

/// Somebody deleted it, or this node did and was not told.
void topic_registry_state::lose(const std::string& topic, const uuid& topic_id) {
  const auto known = store_->topics.current()->find(topic);
  if (!known || known->id != topic_id) return;
  unpublish(known, false);
  forget_(known, [] {});
}

void topic_registry_state::unpublish(const topic_ptr& topic, bool is_deleting) {
  auto next = std::make_shared<topic_snapshot>(*store_->topics.current());
  // The name may be that of the next topic already.
  if (auto named = next->find(topic->name); named && named->id == topic->id) {
    next->by_name.erase(topic->name);
    next->in_doubt.erase(topic->name);
  }
  next->by_id.erase(topic->id);
  if (is_deleting) next->deleting.emplace(topic->id, topic);
  store_->topics.publish(std::move(next));
  if (!is_taken(topic->name)) names_.remove(topic->name);
  if (!gone_.insert(topic->id).second) return;
  gone_order_.push_back(topic->id);
  if (gone_order_.size() <= most_gone) return;
  gone_.erase(gone_order_.front());
  gone_order_.pop_front();
}

}  // namespace tidegate::actors
