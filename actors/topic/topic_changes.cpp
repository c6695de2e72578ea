// Changes of a live topic: read, decide, write, publish, tell the offset actors. One at a time per topic.
#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/runtime/spawn.hpp"
#include "actors/topic/topic_registry_state.hpp"
#include "messages/common/fault_point.hpp"

#include <chrono>

namespace tidegate::actors {

namespace {

constexpr std::chrono::milliseconds settle_backoff{1000};

const msg::change_result undecided{error_code::request_timed_out, "The topic may have been changed or not."};

}  // namespace

void topic_registry_state::change(const msg::change_topic& m) {
  auto& waiting = changes_[m.name];
  waiting.push_back({m});
  if (waiting.size() == 1) next_change(m.name);
}

void topic_registry_state::next_change(const std::string& topic) {
  catalog_.get(topic, store_->deadline(), [this, topic, post = poster()](smq::topic_answer answer) {
    post([this, topic, answer = std::move(answer)] {
      report(topic, answer);
      switch (answer.code) {
        case smq::lookup_result::found: return decide_change(topic, answer.topic);
        case smq::lookup_result::absent: return end_change(topic, {error_code::unknown_topic_or_partition, {}});
        case smq::lookup_result::error:
          return end_change(topic, {error_code::request_timed_out, "Storage cannot say now."});
      }
    });
  });
}

void topic_registry_state::decide_change(const std::string& topic, const smq::topic_info& now) {
  const auto stored = std::make_shared<const smq::topic_info>(now);
  publish({stored});
  // A registry that crashed may have stored a change and told nobody: no answer may rest on what others do not see.
  if (const auto known = store_->topics.current()->find(now.id); known && *known != now) publish_change(stored);
  const auto& m = changes_.at(topic).front();
  auto wanted = m.decide(now);
  if (wanted.error != error_code::none) return end_change(topic, {wanted.error, std::move(wanted.message)});
  // In doubt, it is written even if nothing differs: then no late copy of the write in doubt can apply any more.
  const bool is_as_stored = wanted.after == now && !store_->topics.current()->in_doubt.contains(topic);
  if (m.validate_only || is_as_stored) return end_change(topic, {error_code::none, {}});
  const auto more = wanted.after.partitions - now.partitions;
  if (more <= 0 || may_grow(topic, more)) write_change(now, wanted.after);
}

void topic_registry_state::write_change(const smq::topic_info& before, const smq::topic_info& after) {
  set_doubt(after.name, true);
  TIDEGATE_FAULT_POINT("topics.change.before_write");
  catalog_.update(before, after, store_->random_uuid(), store_->deadline(),
                  [this, after, post = poster()](smq::update_answer answer) {
                    post([this, after, answer = std::move(answer)] { written_change(after, answer); });
                  });
}

void topic_registry_state::written_change(const smq::topic_info& after, const smq::update_answer& answer) {
  if (answer.code == smq::update_result::unknown) {
    log_event(log_level::warn, "a change of a topic is in doubt", {{"topic", after.name}, {"reason", answer.reason}});
    settle(after.name);
    return end_change(after.name, undecided);
  }
  TIDEGATE_FAULT_POINT("topics.change.before_publish");
  if (answer.code == smq::update_result::done) {
    publish_change(std::make_shared<const smq::topic_info>(after));
    log_event(log_level::info, "topic changed", {{"topic", after.name}, {"partitions", after.partitions}});
  }
  const bool is_decided = answer.code == smq::update_result::done || answer.code == smq::update_result::absent;
  if (is_decided)
    set_doubt(after.name, false);
  else
    settle(after.name);  // an earlier one may be in doubt still
  TIDEGATE_FAULT_POINT("topics.change.before_answer");
  switch (answer.code) {
    case smq::update_result::done: return end_change(after.name, {error_code::none, {}});
    case smq::update_result::changed: return next_change(after.name);
    case smq::update_result::absent: return end_change(after.name, {error_code::unknown_topic_or_partition, {}});
    case smq::update_result::refused:
      return end_change(after.name, {error_code::invalid_request, answer.reason});
    case smq::update_result::unknown: break;
  }
}

void topic_registry_state::end_change(const std::string& topic, const msg::change_result& result) {
  auto waiting = changes_.find(topic);
  const auto ended = std::move(waiting->second.front());
  waiting->second.pop_front();
  if (waiting->second.empty())
    changes_.erase(waiting);
  else
    next_change(topic);
  promised_ -= ended.admitted;
  ended.answer(result);
}

/// What became of a write in doubt must not stay unknown to a node that serves the topic: a change that changes nothing
/// finds out, publishes what is stored, and shuts late copies out.
void topic_registry_state::settle(const std::string& topic) {
  if (!settling_.insert(topic).second) return;
  const auto known = store_->topics.current()->find(topic);
  auto done = [this, topic, known, post = poster()](const msg::change_result& result) {
    post([this, topic, known, is_gone = result.error == error_code::unknown_topic_or_partition] {
      settling_.erase(topic);
      if (is_gone && known) lose(topic, known->id);
      if (is_gone) set_doubt(topic, false);
      if (store_->topics.current()->in_doubt.contains(topic)) settle(topic);
    });
  };
  auto as_it_is = [](const smq::topic_info& now) { return msg::topic_change{error_code::none, {}, now}; };
  msg::change_topic nothing{topic, as_it_is, false, reply<msg::change_result>{undecided, done}};
  caf::delayed_anon_send(topic_registry_actor{self_}, settle_backoff, nothing);
}

/// In the snapshot, which a registry that is started again finds.
void topic_registry_state::set_doubt(const std::string& topic, bool in_doubt) {
  auto known = store_->topics.current();
  if (known->in_doubt.contains(topic) == in_doubt) return;
  auto next = std::make_shared<topic_snapshot>(*known);
  if (in_doubt)
    next->in_doubt.insert(topic);
  else
    next->in_doubt.erase(topic);
  store_->topics.publish(std::move(next));
}

void topic_registry_state::publish_change(const topic_ptr& topic) {
  auto known = store_->topics.current();
  if (is_going(topic->id) || !known->find(topic->id)) return;  // it is being deleted
  auto next = std::make_shared<topic_snapshot>(*known);
  next->by_name[topic->name] = topic;
  next->by_id[topic->id] = topic;
  store_->topics.publish(std::move(next));
  tell_(topic);
}

}  // namespace tidegate::actors
