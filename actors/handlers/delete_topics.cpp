#include "messages/kafka/delete_topics.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "smq/names.hpp"

#include <map>
#include <utility>

namespace tidegate::actors::handlers {

namespace {

using named_topic = kafka::delete_topics_request::topic;
using deleted = kafka::delete_topics_response::result;

/// Shown to clients from version 5 on.
std::optional<std::string> text_of(error_code error) {
  switch (error) {
    case error_code::none: return std::nullopt;
    case error_code::unknown_topic_or_partition: return "This server does not host this topic-partition.";
    case error_code::unknown_topic_id: return "This server does not host this topic ID.";
    default: return "The topic may be gone or not; ask for it.";
  }
}

deleted result_of(const named_topic& topic, error_code error, std::optional<std::string> why) {
  return {topic.name, topic.topic_id, error, std::move(why)};
}

/// Kafka's checks on what a DeleteTopics request names; none: the topic may be looked for.
/// Source: Kafka's ControllerApis.deleteTopics.
deleted check_named(const named_topic& topic, std::size_t mentions) {
  const bool by_name = topic.name.has_value();
  const bool by_id = topic.topic_id != uuid{};
  const auto wrong = [&](const char* why) { return result_of(topic, error_code::invalid_request, why); };
  if (by_name && by_id) return wrong("You may not specify both topic name and topic id.");
  if (!by_name && !by_id) return wrong("Neither topic name nor id were specified.");
  if (mentions > 1) return wrong(by_name ? "Duplicate topic name." : "Duplicate topic id.");
  if (by_name && topic.name->empty()) return wrong("The topic's name is empty.");
  constexpr auto unknown = error_code::unknown_topic_or_partition;
  if (by_name && !smq::is_legal_topic_name(*topic.name)) return result_of(topic, unknown, text_of(unknown));
  return result_of(topic, error_code::none, std::nullopt);
}

}  // namespace

/// DeleteTopics (API key 20), by name or by id (v6). Errors per topic: those of check_named(),
/// unknown_topic_or_partition, unknown_topic_id, request_timed_out (it may be gone; its name stays taken until it is).
void delete_topics(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::delete_topics_request>();
  if (!asked) return;
  auto topics = asked->topics;
  if (r->header.api_version < 6)
    for (const auto& name : asked->topic_names) topics.push_back({name, {}});
  auto all = fan_in<deleted>::make(topics.size(), [r](std::vector<deleted> results) {
    kafka::delete_topics_response response;
    response.responses = std::move(results);
    r->answer(response);
  });
  std::map<std::pair<std::optional<std::string>, uuid>, std::size_t> mentions;
  for (const auto& topic : topics) ++mentions[{topic.name, topic.topic_id}];
  for (std::size_t i = 0; i < topics.size(); ++i) {
    constexpr auto in_doubt = error_code::request_timed_out;
    auto slot = all->slot(i, result_of(topics[i], in_doubt, text_of(in_doubt)));
    auto checked = check_named(topics[i], mentions[{topics[i].name, topics[i].topic_id}]);
    if (checked.error_code != error_code::none) {
      slot(std::move(checked));
      continue;
    }
    auto answer = [topic = topics[i], slot](const msg::topic_result& ended) {
      auto out = result_of(topic, ended.error, text_of(ended.error));
      if (ended.topic) out.name = ended.topic->name;
      if (ended.topic) out.topic_id = ended.topic->id;
      slot(std::move(out));
    };
    node.topics.send(msg::delete_topic{topics[i].name.value_or(""), topics[i].topic_id,
                                       reply<msg::topic_result>{{error_code::request_timed_out, nullptr}, answer}});
  }
}

}  // namespace tidegate::actors::handlers
