#include "actors/handlers/fetch_answer.hpp"

#include "actors/metrics/counters.hpp"
#include "messages/kafka/record_batch.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors::handlers {

void count_sent(const msg::fetch_result& from, const shared_bytes& batch) {
  const auto header = kafka::read_batch_header(batch.view());
  const auto records = header ? static_cast<std::uint64_t>(std::max(header->record_count, 0)) : 0;
  counted.fetched_records.add(records);
  counted.fetched_bytes.add(batch.size());
  if (!from.counters) return;
  from.counters->records_out.add(records);
  from.counters->bytes_out.add(batch.size());
}

void name_leader(const services& node, const uuid& topic_id, kafka::fetch_response::partition_data& of,
                 kafka::fetch_response& response) {
  of.current_leader = {node.node_id, node.store->leader_epoch_of(topic_id, of.partition_index)};
  response.node_endpoints = {{node.node_id, node.host, node.port, std::nullopt}};
}

void hold_until_sent(const std::shared_ptr<fetch_grant>& grant, kafka::fetch_response& response) {
  for (auto topic = response.responses.rbegin(); topic != response.responses.rend(); ++topic)
    for (auto p = topic->partitions.rbegin(); p != topic->partitions.rend(); ++p) {
      if (p->records->empty()) continue;
      auto& last = p->records->back();
      const auto view = last.view();
      last = shared_bytes(std::make_shared<std::pair<std::shared_ptr<fetch_grant>, shared_bytes>>(grant, last), view);
      return;
    }
}

}  // namespace tidegate::actors::handlers
