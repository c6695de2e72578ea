// How many partitions a node has, how fast one address may make more, and which names new topics may have.
#include "actors/interfaces/message_types.hpp"
#include "actors/metrics/counters.hpp"
#include "actors/runtime/spawn.hpp"
#include "actors/topic/topic_registry_state.hpp"

namespace tidegate::actors {

namespace {

// Of requests whose answer has no word for "ask later": clients wait for 30 s.
constexpr std::chrono::milliseconds longest_wait{10'000};

const char* text_of(error_code error) {
  return error == error_code::policy_violation ? "The node would have more partitions than limits.partitions."
                                               : "The throttling quota has been exceeded.";
}

}  // namespace

/// May this client have `count` more partitions? They count from now on (`promised_`), in the snapshot or not.
/// `all_known`: the snapshot is complete. Errors: policy_violation, throttling_quota_exceeded.
topic_registry_state::admission topic_registry_state::admit(const msg::partition_maker& who, std::int64_t count) {
  if (partitions_of(*store_->topics.current()) + promised_ + count > defaults_.most_partitions) {
    counted.refused_by_partitions.add();
    return {error_code::policy_violation, {}};
  }
  const auto patience = who.is_told ? std::chrono::milliseconds{0} : longest_wait;
  const auto turn = creations_.create(who.address, count, std::chrono::steady_clock::now(), patience);
  if (!turn.is_admitted || turn.wait.count() > 0) counted.refused_by_new_partitions.add();
  if (!turn.is_admitted)
    return {who.is_told ? error_code::throttling_quota_exceeded : error_code::request_timed_out, turn.wait};
  promised_ += count;
  return {error_code::none, turn.wait};
}

/// What is known to be there is not counted, and its creation says what it always says.
void topic_registry_state::create(const msg::create_topic& m) {
  const auto known = store_->topics.current();
  if (const auto topic = known->find(m.name)) {
    if (m.validate_only) return m.answer({error_code::topic_already_exists, topic});
    return write_new(m, {});
  }
  if (known->complete) return create_unknown(m);
  load_all([this, m](error_code error) {
    if (error != error_code::none) return m.answer({error, nullptr});
    // It may be there. Once the list is complete, this ends above or goes on.
    create(m);
  });
}

void topic_registry_state::create_unknown(const msg::create_topic& m) {
  const auto similar = names_.other_than(m.name, [this](const std::string& topic) { return is_taken(topic); });
  if (similar) return m.answer({error_code::invalid_topic_exception, nullptr, 0, *similar});
  if (m.validate_only) return m.answer({error_code::none, nullptr});
  const auto may = admit(m.from, m.partitions);
  if (may.error != error_code::none)
    return m.answer({may.error, nullptr, static_cast<std::int32_t>(may.wait.count())});
  creating_.insert(m.name);
  names_.add(m.name);
  after(may.wait, [this, m] { write_new(m, {m.name, m.partitions}); });
}

/// No other topic may have a name like this one. What is being deleted is in nobody's metrics any more, and a creation
/// in doubt counts once somebody finds its topic.
bool topic_registry_state::is_taken(const std::string& topic) const {
  const auto known = store_->topics.current();
  return known->find(topic) || known->unreadable.contains(topic) || creating_.contains(topic);
}

void topic_registry_state::release(const topic_creation& ended) {
  if (ended.partitions == 0) return;
  promised_ -= ended.partitions;
  creating_.erase(creating_.find(ended.name));
  if (!is_taken(ended.name)) names_.remove(ended.name);
}

/// True: the change at the front of the topic's queue may go on; else it is answered, or asked once more later.
bool topic_registry_state::may_grow(const std::string& topic, std::int64_t more) {
  auto& front = changes_.at(topic).front();
  if (front.admitted > 0) return true;
  if (!store_->topics.current()->complete) {
    load_all([this, topic](error_code error) {
      if (error != error_code::none) return end_change(topic, {error, "Storage cannot say now."});
      next_change(topic);
    });
    return false;
  }
  const auto may = admit(front.from, more);
  if (may.error != error_code::none) {
    end_change(topic, {may.error, text_of(may.error), static_cast<std::int32_t>(may.wait.count())});
    return false;
  }
  front.admitted = more;
  if (may.wait.count() == 0) return true;
  after(may.wait, [this, topic] { next_change(topic); });
  return false;
}

void topic_registry_state::after(std::chrono::milliseconds wait, std::function<void()> then) {
  if (wait.count() == 0) return then();
  caf::delayed_anon_send(topic_registry_actor{self_}, wait, msg::make_resume(std::move(then)));
}

}  // namespace tidegate::actors
