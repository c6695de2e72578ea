#include "actors/handlers/lookup.hpp"

#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "smq/names.hpp"

#include <map>
#include <string_view>
#include <utility>

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
  std::vector<std::size_t> question;  // of each missing reference; one topic is asked for once
  std::map<std::pair<std::string_view, uuid>, std::size_t> questions;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& w = wanted[i];
    auto topic = w.by_id ? known->find(w.id) : known->find(w.name);
    const bool is_absent = w.by_id ? known->proves_ids_absent() : known->proves_absent(w.name);
    if (topic) {
      results[i] = {error_code::none, std::move(topic)};
    } else if ((is_absent && !create) || (!w.by_id && !smq::is_legal_topic_name(w.name))) {
      results[i] = {absent_error(w), nullptr};
    } else {
      missing.push_back(i);
      const std::pair<std::string_view, uuid> key{w.by_id ? std::string_view{} : w.name, w.by_id ? w.id : uuid{}};
      question.push_back(questions.try_emplace(key, questions.size()).first->second);
    }
  }
  if (missing.empty()) return done(std::move(results));
  auto all = fan_in<msg::topic_result>::make(
    questions.size(), [results = std::move(results), missing, question, done = std::move(done),
                       token = r->hold()](const std::vector<msg::topic_result>& late) mutable {
      for (std::size_t i = 0; i < missing.size(); ++i) results[missing[i]] = late[question[i]];
      done(std::move(results));
      token.reset();
    });
  for (const auto& [key, slot] : questions)
    node.topics.send(msg::find_topic{std::string(key.first), key.second, create,
                                     all->slot(slot, {error_code::leader_not_available, nullptr}),
                                     {create ? r->client_host() : std::string{}}});
}

}  // namespace tidegate::actors::handlers
