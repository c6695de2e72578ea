#include "messages/kafka/delete_records.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"

namespace tidegate::actors::handlers {

namespace {

using kafka::delete_records_request;
using kafka::delete_records_response;

void answer(const request_ptr& r, const delete_records_request& asked, const std::vector<msg::trim_result>& trimmed) {
  delete_records_response response;
  auto next = trimmed.begin();
  for (const auto& topic : asked.topics) {
    auto& out = response.topics.emplace_back(delete_records_response::topic{topic.name, {}});
    for (const auto& partition : topic.partitions) {
      out.partitions.push_back({partition.partition_index, next->log_start_offset, next->error});
      ++next;
    }
  }
  r->answer(response);
}

void ask_all(const services& node, const request_ptr& r, const std::shared_ptr<const delete_records_request>& asked,
             const std::vector<msg::topic_result>& topics) {
  std::size_t count = 0;
  for (const auto& topic : asked->topics) count += topic.partitions.size();
  auto all = fan_in<msg::trim_result>::make(
    count, [r, asked](const std::vector<msg::trim_result>& trimmed) { answer(r, *asked, trimmed); });
  std::size_t slot = 0;
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (const auto& partition : asked->topics[t].partitions) {
      auto reply = all->slot(slot++, {error_code::leader_not_available, -1});
      if (auto error = check_partition(topics[t], partition.partition_index); error != error_code::none) {
        reply({error, -1});
        continue;
      }
      node.partitions.send(msg::trim{topics[t].topic->name, topics[t].topic->id, partition.partition_index,
                                     partition.offset, "DeleteRecords", false, std::move(reply)});
    }
  }
}

}  // namespace

/// DeleteRecords (API key 21, KIP-107). Answered when the log starts are stored.
/// Errors per partition: unknown_topic_or_partition, offset_out_of_range (above the high watermark),
/// leader_not_available, request_timed_out (done or not: ask again), kafka_storage_error.
void delete_records(const services& node, const request_ptr& r) {
  auto decoded = r->decode<delete_records_request>();
  if (!decoded) return;
  auto asked = std::make_shared<const delete_records_request>(std::move(*decoded));
  std::vector<topic_reference> wanted;
  for (const auto& topic : asked->topics) wanted.push_back({topic.name, {}, false});
  find_topics(node, r, std::move(wanted), false,
              [&node, r, asked](const std::vector<msg::topic_result>& topics) { ask_all(node, r, asked, topics); });
}

}  // namespace tidegate::actors::handlers
