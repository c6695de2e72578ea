#include "actors/topic/topic_registry_state.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/metrics/counters.hpp"
#include "actors/runtime/post.hpp"
#include "actors/runtime/spawn.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>

namespace tidegate::actors {

namespace {

constexpr std::size_t most_reported = 1000;

/// A topic whose entry cannot be read now is not "unknown": the client is to ask again.
msg::topic_result to_result(const smq::topic_answer& answer) {
  if (answer.code == smq::lookup_result::found)
    return {error_code::none, std::make_shared<const smq::topic_info>(answer.topic)};
  return {answer.code == smq::lookup_result::absent ? error_code::unknown_topic_or_partition
                                                    : error_code::leader_not_available,
          nullptr};
}

error_code to_error(smq::create_result code) {
  switch (code) {
    case smq::create_result::created: return error_code::none;
    case smq::create_result::already_exists: return error_code::topic_already_exists;
    case smq::create_result::invalid: return error_code::invalid_request;
    case smq::create_result::refused:
    case smq::create_result::unknown: return error_code::request_timed_out;
  }
  return error_code::unknown_server_error;
}

}  // namespace

topic_registry_state::topic_registry_state(topic_registry_actor::pointer self, std::shared_ptr<const store_access> store,
                                           topic_defaults defaults, topic_forgotten forget, topic_told tell)
  : self_(self), store_(std::move(store)), catalog_(store_->engine.entries), defaults_(std::move(defaults)),
    forget_(std::move(forget)), tell_(std::move(tell)), creations_(defaults_.new_partitions_per_second) {
  const auto known = store_->topics.current();  // of a registry that crashed
  for (const auto& topic : topics_of(*known)) names_.add(topic->name);
  for (const auto& topic : known->unreadable) names_.add(topic);
}

topic_registry_actor::behavior_type topic_registry_state::make_behavior() {
  for (const auto& topic : store_->topics.current()->in_doubt) settle(topic);  // of a registry that crashed
  finish_deletions();
  return {
    [this](const msg::find_topic& m) { find(m); },
    [this](const msg::create_topic& m) { create(m); },
    [this](const msg::delete_topic& m) { remove(m); },
    [this](const msg::change_topic& m) { change(m); },
    [this](const msg::load_all_topics& m) { load_all([answer = m.answer](error_code e) { answer(e); }); },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

std::function<void(std::function<void()>)> topic_registry_state::poster() const { return post_to(self_); }

void topic_registry_state::find(const msg::find_topic& m) {
  auto known = store_->topics.current();
  if (auto topic = m.name.empty() ? known->find(m.id) : known->find(m.name)) return m.answer({error_code::none, topic});
  if (m.name.empty()) return find_by_id(m);
  catalog_.get(m.name, store_->deadline(), [this, m, post = poster()](smq::topic_answer answer) {
    post([this, m, answer = std::move(answer)] {
      const auto result = to_result(answer);
      report(m.name, answer);
      if (result.error == error_code::unknown_topic_or_partition && m.create)
        return create({m.name, defaults_.partitions, {}, m.answer, m.from});
      publish_and_answer(result, m.answer);
    });
  });
}

/// Clients ask again and again: each reason is logged once.
void topic_registry_state::report(const std::string& topic, const smq::topic_answer& answer) {
  if (answer.topic.state == smq::topic_state::deleting) note_deletion(answer.topic);
  if (answer.code != smq::lookup_result::error) {
    reported_.erase(topic);
    return;
  }
  if (reported_.size() >= most_reported) reported_.clear();
  if (std::exchange(reported_[topic], answer.reason) == answer.reason) return;
  (answer.is_damaged ? counted.damaged_topics : counted.failed_topic_reads).add();
  log_event(log_level::error, "topic cannot be read", {{"topic", topic}, {"reason", answer.reason}});
}

void topic_registry_state::report(const std::vector<std::string>& unreadable) {
  if (reported_paths_ == unreadable) return;
  reported_paths_ = unreadable;
  if (!unreadable.empty())
    log_event(log_level::error, "topics are left out of the list",
              {{"count", unreadable.size()}, {"first", unreadable.front()}});
}

void topic_registry_state::find_by_id(const msg::find_topic& m) {
  load_all([this, m](error_code error) {
    auto topic = store_->topics.current()->find(m.id);
    if (topic) return m.answer({error_code::none, topic});
    // It may be the id of a topic whose entries cannot be read.
    if (error == error_code::none && !store_->topics.current()->proves_ids_absent())
      error = error_code::leader_not_available;
    m.answer({error == error_code::none ? error_code::unknown_topic_id : error, nullptr});
  });
}

void topic_registry_state::write_new(const msg::create_topic& m, const topic_creation& admitted) {
  smq::topic_spec spec;
  spec.name = m.name;
  spec.partitions = m.partitions;
  spec.configs = m.configs;
  auto done = [this, m, admitted, post = poster()](smq::create_answer answer) {
    post([this, m, admitted, answer = std::move(answer)] {
      TIDEGATE_FAULT_POINT("topics.create.before_answer");
      if (answer.code == smq::create_result::already_exists) {
        release(admitted);
        return after_lost_race(m);
      }
      if (answer.code == smq::create_result::refused)
        log_event(log_level::warn, "topic was not created", {{"topic", m.name}, {"reason", answer.reason}});
      // It may be stored yet: who asks for it looks, from now on, and finds it then.
      if (answer.code == smq::create_result::unknown) set_doubt(m.name, true);
      msg::topic_result result{to_error(answer.code), nullptr};
      if (answer.code == smq::create_result::created) {
        result.topic = std::make_shared<const smq::topic_info>(answer.topic);
        log_event(log_level::info, "topic created",
                  {{"topic", m.name}, {"partitions", answer.topic.partitions}, {"client", m.from.address}});
      }
      publish_and_answer(result, m.answer, admitted);
    });
  };
  TIDEGATE_FAULT_POINT("topics.create.before_write");
  catalog_.create(spec, wall_ns() / 1'000'000'000, store_->random_uuid(), store_->random_uuid(), store_->deadline(),
                  done);
}

void topic_registry_state::after_lost_race(const msg::create_topic& m) {
  // Somebody made it first; the answer carries the topic so that auto-creation can go on with it.
  catalog_.get(m.name, store_->deadline(), [this, m, post = poster()](smq::topic_answer answer) {
    post([this, m, answer = std::move(answer)] {
      report(m.name, answer);
      publish_and_answer({error_code::topic_already_exists, to_result(answer).topic}, m.answer);
    });
  });
}

/// One list serves all that wait: what this node made since it began is in the snapshot anyway.
void topic_registry_state::load_all(std::function<void(error_code)> done) {
  if (store_->topics.current()->proves_ids_absent()) return done(error_code::none);
  listing_.push_back(std::move(done));
  if (listing_.size() > 1) return;
  catalog_.list_all(store_->deadline(), [this, post = poster()](smq::result<smq::topic_page> all) {
    post([this, all = std::move(all)] {
      if (all.is_ok()) listed(all.value);
      const auto outcome = all.is_ok() ? error_code::none : error_code::leader_not_available;
      for (const auto& one : std::exchange(listing_, {})) one(outcome);
    });
  });
}

void topic_registry_state::listed(const smq::topic_page& all) {
  auto next = std::make_shared<topic_snapshot>(*store_->topics.current());
  for (const auto& topic : all.topics) {
    if (is_going(topic.id) || next->by_name.count(topic.name)) continue;
    auto shared = std::make_shared<const smq::topic_info>(topic);
    next->by_name[topic.name] = shared;
    next->by_id[topic.id] = shared;
    names_.add(topic.name);
  }
  for (const auto& topic : all.deleting)
    if (!is_going(topic.id)) add_deletion(*next, topic);
  report(all.unreadable);
  next->complete = true;
  next->unreadable = {all.unreadable.begin(), all.unreadable.end()};
  for (const auto& topic : all.unreadable) names_.add(topic);
  store_->topics.publish(std::move(next));
  finish_deletions();
}

/// A look-up or list that began before must not bring it back.
bool topic_registry_state::is_going(const uuid& topic_id) const {
  return removing_.contains(topic_id) || gone_.contains(topic_id);
}

/// Publishes the topic, if there is one that stays, and then answers. Every snapshot is a copy of the one before it, so
/// topics that come in together are published together: with what stands in the mailbox already.
void topic_registry_state::publish_and_answer(const msg::topic_result& result, const reply<msg::topic_result>& answer,
                                              const topic_creation& admitted) {
  // It is being removed now, or was since it was read.
  if (!result.topic || is_going(result.topic->id)) {
    release(admitted);
    return answer(result);
  }
  arrived_.push_back({result, answer, admitted});
  if (arrived_.size() > 1) return;
  poster()([this] {
    const auto arrived = std::exchange(arrived_, {});
    std::vector<topic_ptr> topics;
    for (const auto& one : arrived) topics.push_back(one.result.topic);
    publish(topics);
    for (const auto& one : arrived) release(one.admitted);
    for (const auto& one : arrived) one.answer(one.result);
  });
}

/// What readings found: the snapshot may have a later change of the same topic already.
void topic_registry_state::publish(const std::vector<topic_ptr>& topics) {
  const auto known = store_->topics.current();
  std::shared_ptr<topic_snapshot> next;
  for (const auto& topic : topics) {
    if (is_going(topic->id) || known->find(topic->id)) continue;
    if (!next) next = std::make_shared<topic_snapshot>(*known);
    next->by_name[topic->name] = topic;
    next->by_id[topic->id] = topic;
    names_.add(topic->name);
    next->unreadable.erase(topic->name);
    next->in_doubt.erase(topic->name);  // its creation's: what is in doubt otherwise is in the snapshot
  }
  if (next) store_->topics.publish(std::move(next));
}

topic_registry_actor spawn_topic_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          topic_defaults defaults, topic_forgotten forget, topic_told tell) {
  return spawn<topic_registry_actor, topic_registry_state>(system, std::move(store), std::move(defaults),
                                                           std::move(forget), std::move(tell));
}

}  // namespace tidegate::actors
