#include "messages/kafka/offset_fetch.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace tidegate::actors::handlers {

namespace {

using kafka::offset_fetch_request;
using kafka::offset_fetch_response;
using group_answer = offset_fetch_response::group;

// Of one group in one request. Kafka answers each mention by itself; but some bytes of request must not ask for all
// positions of a large group again and again.
constexpr std::size_t most_mentions = 10;

offset_fetch_response::group_partition to_wire(std::int32_t index, const msg::offset_fetch_item& item) {
  return {index, item.position.offset, item.position.leader_epoch, item.position.metadata, item.error};
}

offset_fetch_response::group_partition to_error(std::int32_t index, error_code error) {
  return {index, -1, -1, "", error};
}

/// The whole group failed: the error stands at the top and at every partition that was asked for, or some clients
/// leave the partition stuck.
/// Doubt of any kind is coordinator_load_in_progress: Java before 4.0 takes coordinator_not_available here for fatal,
/// librdkafka does not repeat it, and all of them repeat this one.
group_answer failed(const offset_fetch_request::group& asked, error_code error) {
  if (error == error_code::coordinator_not_available) error = error_code::coordinator_load_in_progress;
  group_answer out;
  out.group_id = asked.group_id;
  out.error_code = error;
  if (!asked.topics) return out;
  for (const auto& topic : *asked.topics) {
    auto& t = out.topics.emplace_back(offset_fetch_response::group_topic{topic.name, topic.topic_id, {}});
    for (auto index : topic.partition_indexes) t.partitions.push_back(to_error(index, error));
  }
  return out;
}

void fetch_all(const services& node, const request_ptr& r, const offset_fetch_request::group& asked,
               const reply<group_answer>& done) {
  msg::offset_fetch m;
  m.group_id = asked.group_id;
  m.answer = msg::reply_or_unavailable<msg::offset_fetch_result>(
    [asked, done](msg::offset_fetch_result found) {
      if (found.error != error_code::none) return done(failed(asked, found.error));
      group_answer out;
      out.group_id = asked.group_id;
      for (const auto& item : found.items) {
        if (out.topics.empty() || out.topics.back().topic_id != item.where.topic_id)
          out.topics.push_back({item.where.topic, item.where.topic_id, {}});
        out.topics.back().partitions.push_back(to_wire(item.where.partition, item));
      }
      done(std::move(out));
    });
  // Which topics are live must be known first, or a position would be taken for one of a deleted topic.
  auto loaded = [&node, asked, done, m, token = r->hold()](error_code error) mutable {
    if (error != error_code::none) return done(failed(asked, error_code::coordinator_load_in_progress));
    node.groups.send(m);
    token.reset();
  };
  node.topics.send(msg::load_all_topics{reply<error_code>{error_code::coordinator_load_in_progress, loaded}});
}

/// A topic or partition that does not exist has no position; only an id that nobody knows is an error.
group_answer assemble(const offset_fetch_request::group& asked, const std::vector<msg::topic_result>& topics,
                      const std::vector<msg::offset_fetch_item>& found) {
  group_answer out;
  out.group_id = asked.group_id;
  auto next = found.begin();
  for (std::size_t t = 0; t < topics.size(); ++t) {
    const auto& topic = (*asked.topics)[t];
    auto& target = out.topics.emplace_back(offset_fetch_response::group_topic{topic.name, topic.topic_id, {}});
    for (auto index : topic.partition_indexes) {
      auto error = check_partition(topics[t], index);
      if (error == error_code::none)
        target.partitions.push_back(to_wire(index, *next++));
      else
        target.partitions.push_back(
          to_error(index, error == error_code::unknown_topic_or_partition ? error_code::none : error));
    }
  }
  return out;
}

void fetch_some(const services& node, const request_ptr& r, const offset_fetch_request::group& asked, bool by_id,
                const reply<group_answer>& done) {
  std::vector<topic_reference> wanted;
  for (const auto& topic : *asked.topics) wanted.push_back({topic.name, topic.topic_id, by_id});
  find_topics(node, r, std::move(wanted), false, [&node, asked, done](std::vector<msg::topic_result> topics) {
    // Clients know what to do about a group that is not ready, and nothing about such a partition.
    for (const auto& topic : topics)
      if (topic.error == error_code::leader_not_available)
        return done(failed(asked, error_code::coordinator_load_in_progress));
    msg::offset_fetch m;
    m.group_id = asked.group_id;
    m.items.emplace();
    for (std::size_t t = 0; t < topics.size(); ++t)
      for (auto index : (*asked.topics)[t].partition_indexes)
        if (check_partition(topics[t], index) == error_code::none)
          m.items->push_back({topics[t].topic->name, topics[t].topic->id, index});
    const auto count = m.items->size();
    auto answer = [asked, done, topics, count](msg::offset_fetch_result found) {
      if (found.error != error_code::none || found.items.size() != count)
        return done(failed(asked, found.error == error_code::none ? error_code::unknown_server_error : found.error));
      done(assemble(asked, topics, found.items));
    };
    m.answer = msg::reply_or_unavailable<msg::offset_fetch_result>(answer);
    node.groups.send(std::move(m));
  });
}

/// A partition that is named again is answered once, which is what clients keep: some bytes of request must not read one
/// position, with its metadata, a million times. Where that happens the partitions come in ascending order.
void name_once(std::vector<offset_fetch_request::group_topic>& topics) {
  std::map<std::pair<std::string, uuid>, std::size_t> places;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto [place, is_new] = places.try_emplace({topics[i].name, topics[i].topic_id}, kept);
    if (!is_new) {
      auto& first = topics[place->second].partition_indexes;
      first.insert(first.end(), topics[i].partition_indexes.begin(), topics[i].partition_indexes.end());
    } else if (kept++ != i) {
      topics[kept - 1] = std::move(topics[i]);
    }
  }
  topics.resize(kept);
  for (auto& topic : topics) {
    auto sorted = topic.partition_indexes;
    std::ranges::sort(sorted);
    const auto repeats = std::ranges::unique(sorted);
    if (repeats.empty()) continue;
    sorted.erase(repeats.begin(), repeats.end());
    topic.partition_indexes = std::move(sorted);
  }
}

/// Versions before 8 ask for one group; they are answered through the same path.
std::vector<offset_fetch_request::group> groups_of(const offset_fetch_request& asked, std::int16_t version) {
  if (version >= 8) return asked.groups;
  offset_fetch_request::group one;
  one.group_id = asked.group_id;
  one.topics.reset();
  if (asked.topics) {
    one.topics.emplace();
    for (const auto& topic : *asked.topics) one.topics->push_back({topic.name, {}, topic.partition_indexes});
  }
  return {one};
}

void answer(const request_ptr& r, std::vector<group_answer> groups) {
  for (const auto& group : groups)
    for (const auto& topic : group.topics) counted.offset_fetches.add(topic.partitions.size());
  offset_fetch_response response;
  if (r->header.api_version >= 8) {
    response.groups = std::move(groups);
    return r->answer(response);
  }
  response.error_code = groups.front().error_code;
  for (const auto& topic : groups.front().topics) {
    auto& out = response.topics.emplace_back(offset_fetch_response::topic{topic.name, {}});
    for (const auto& p : topic.partitions)
      out.partitions.push_back(
        {p.partition_index, p.committed_offset, p.committed_leader_epoch, p.metadata, p.error_code});
  }
  r->answer(response);
}

}  // namespace

/// OffsetFetch (API key 9). Offset -1 only for what storage proved to be absent; trouble is an error.
/// Errors of a group, and of each of its partitions then: coordinator_load_in_progress (cannot be read now; ask again),
/// not_coordinator, invalid_request (named too often). Of a partition alone: kafka_storage_error (its position is
/// damaged; a Java consumer gives up on any error here), unknown_topic_id (v10).
void offset_fetch(const services& node, const request_ptr& r) {
  auto asked = r->decode<offset_fetch_request>();
  if (!asked) return;
  auto groups = groups_of(*asked, r->header.api_version);
  auto all = fan_in<group_answer>::make(
    groups.size(), [r](std::vector<group_answer> answers) { answer(r, std::move(answers)); });
  std::map<std::string_view, std::size_t> mentions;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto done = all->slot(i, failed(groups[i], error_code::coordinator_load_in_progress));
    if (groups[i].topics) name_once(*groups[i].topics);
    if (++mentions[groups[i].group_id] > most_mentions) {
      done(failed(groups[i], error_code::invalid_request));
      continue;
    }
    if (!groups[i].topics)
      fetch_all(node, r, groups[i], done);
    else
      fetch_some(node, r, groups[i], r->header.api_version >= 10, done);
  }
}

}  // namespace tidegate::actors::handlers
