#include "messages/kafka/list_offsets.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/message_types.hpp"
#include "messages/actor/fan_in.hpp"

namespace tidegate::actors::handlers {

namespace {

using kafka::list_offsets_request;
using kafka::list_offsets_response;

/// Tiered storage's own timestamps (KIP-405): everything here is local, nothing is tiered.
constexpr std::int64_t earliest_local = -4;
constexpr std::int64_t latest_tiered = -5;
constexpr std::int64_t earliest_pending_upload = -6;

void answer(const request_ptr& r, const list_offsets_request& asked,
            const std::vector<msg::list_offsets_result>& found) {
  list_offsets_response response;
  auto next = found.begin();
  for (const auto& topic : asked.topics) {
    auto& out = response.topics.emplace_back(list_offsets_response::topic{topic.name, {}});
    for (const auto& partition : topic.partitions) {
      auto& p = out.partitions.emplace_back();
      p.partition_index = partition.partition_index;
      p.error_code = next->error;
      p.timestamp = next->timestamp;
      p.offset = next->offset;
      p.leader_epoch = next->leader_epoch;
      if (next->error == error_code::none && next->offset >= 0) p.old_style_offsets = {next->offset};
      ++next;
    }
  }
  r->answer(response);
}

void ask_all(const services& node, const request_ptr& r, std::shared_ptr<const list_offsets_request> asked,
             const std::vector<msg::topic_result>& topics) {
  using result = msg::list_offsets_result;
  std::size_t count = 0;
  for (const auto& topic : asked->topics) count += topic.partitions.size();
  auto all = fan_in<result>::make(count, [r, asked](std::vector<result> found) { answer(r, *asked, found); });
  std::size_t slot = 0;
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (const auto& partition : asked->topics[t].partitions) {
      result dropped;
      dropped.error = error_code::leader_not_available;
      auto reply = all->slot(slot++, dropped);
      result fixed;
      fixed.error = check_partition(topics[t], partition.partition_index);
      if (fixed.error == error_code::none && partition.timestamp < earliest_pending_upload)
        fixed.error = error_code::unsupported_version;
      const bool nothing_tiered =
        partition.timestamp == latest_tiered || partition.timestamp == earliest_pending_upload;
      if (fixed.error != error_code::none || nothing_tiered) {
        reply(fixed);
        continue;
      }
      const auto timestamp =
        partition.timestamp == earliest_local ? msg::earliest_timestamp : partition.timestamp;
      caf::anon_send(node.partitions, msg::list_offsets{topics[t].topic->name, topics[t].topic->id,
                                                                  partition.partition_index, timestamp,
                                                                  partition.current_leader_epoch, std::move(reply)});
    }
  }
}

}  // namespace

/// ListOffsets (API key 2). The latest offset is the high watermark.
/// Errors per partition: unknown_topic_or_partition, fenced_leader_epoch, unknown_leader_epoch, leader_not_available,
/// kafka_storage_error.
void list_offsets(const services& node, const request_ptr& r) {
  auto decoded = r->decode<list_offsets_request>();
  if (!decoded) return;
  auto asked = std::make_shared<const list_offsets_request>(std::move(*decoded));
  std::vector<topic_reference> wanted;
  for (const auto& topic : asked->topics) wanted.push_back({topic.name, {}, false});
  find_topics(node, r, std::move(wanted), false,
              [&node, r, asked](std::vector<msg::topic_result> topics) { ask_all(node, r, asked, topics); });
}

}  // namespace tidegate::actors::handlers
