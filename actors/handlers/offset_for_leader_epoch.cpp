#include "messages/kafka/offset_for_leader_epoch.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"

namespace tidegate::actors::handlers {

namespace {

using kafka::offset_for_leader_epoch_request;
using kafka::offset_for_leader_epoch_response;
using result = msg::offset_for_leader_epoch_result;

void answer(const request_ptr& r, const offset_for_leader_epoch_request& asked, const std::vector<result>& found) {
  offset_for_leader_epoch_response response;
  auto next = found.begin();
  for (const auto& topic : asked.topics) {
    auto& out = response.topics.emplace_back();
    out.topic = topic.topic;
    for (const auto& partition : topic.partitions) {
      auto& p = out.partitions.emplace_back();
      p.partition = partition.partition;
      p.error_code = next->error;
      p.leader_epoch = next->end.epoch;
      p.end_offset = next->end.end_offset;
      ++next;
    }
  }
  r->answer(response);
}

void ask_all(const services& node, const request_ptr& r, std::shared_ptr<const offset_for_leader_epoch_request> asked,
             const std::vector<msg::topic_result>& topics) {
  std::size_t count = 0;
  for (const auto& topic : asked->topics) count += topic.partitions.size();
  auto all = fan_in<result>::make(count, [r, asked](std::vector<result> found) { answer(r, *asked, found); });
  std::size_t slot = 0;
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (const auto& partition : asked->topics[t].partitions) {
      result dropped;
      dropped.error = error_code::leader_not_available;
      auto reply = all->slot(slot++, dropped);
      if (auto error = check_partition(topics[t], partition.partition); error != error_code::none) {
        reply({error, {}});
        continue;
      }
      node.partitions.send(msg::offset_for_leader_epoch{
        topics[t].topic->name, topics[t].topic->id, partition.partition, partition.current_leader_epoch,
        partition.leader_epoch, std::move(reply)});
    }
  }
}

}  // namespace

/// OffsetForLeaderEpoch (API key 23, KIP-320).
void offset_for_leader_epoch(const services& node, const request_ptr& r) {
  auto decoded = r->decode<offset_for_leader_epoch_request>();
  if (!decoded) return;
  auto asked = std::make_shared<const offset_for_leader_epoch_request>(std::move(*decoded));
  std::vector<topic_reference> wanted;
  for (const auto& topic : asked->topics) wanted.push_back({topic.topic, {}, false});
  find_topics(node, r, std::move(wanted), false,
              [&node, r, asked](std::vector<msg::topic_result> topics) { ask_all(node, r, asked, topics); });
}

}  // namespace tidegate::actors::handlers
