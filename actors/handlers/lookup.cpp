#include "actors/handlers/lookup.hpp"

#include "actors/message_types.hpp"
#include "messages/actor/fan_in.hpp"

namespace tidegate::actors::handlers {

namespace {

error_code absent_error(const topic_reference& reference) {
  return reference.by_id ? error_code::unknown_topic_id : error_code::unknown_topic_or_partition;
}

}  // namespace

void find_topics(const services& node, const request_ptr& r, std::vector<topic_reference> wanted, bool create,
                 std::function<void(std::vector<msg::topic_result>)> done) {
  auto known = node.store->topics.current();
  std::vector<msg::topic_result> results(wanted.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto topic = wanted[i].by_id ? known->find(wanted[i].id) : known->find(wanted[i].name);
    if (topic)
      results[i] = {error_code::none, std::move(topic)};
    else if (known->complete && !create)
      results[i] = {absent_error(wanted[i]), nullptr};
    else
      missing.push_back(i);
  }
  if (missing.empty()) return done(std::move(results));
  auto all = fan_in<msg::topic_result>::make(
    missing.size(), [results = std::move(results), missing, done = std::move(done),
                     token = r->hold()](std::vector<msg::topic_result> late) mutable {
      for (std::size_t i = 0; i < missing.size(); ++i) results[missing[i]] = std::move(late[i]);
      done(std::move(results));
      token.reset();
    });
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const auto& reference = wanted[missing[i]];
    caf::anon_send(node.topics, msg::find_topic{reference.by_id ? std::string{} : reference.name, reference.id, create,
                                                all->slot(i, {error_code::leader_not_available, nullptr})});
  }
}

}  // namespace tidegate::actors::handlers
