#include "messages/kafka/offset_commit.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/named_once.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/common/utf16_length.hpp"

namespace tidegate::actors::handlers {

namespace {

using kafka::offset_commit_request;
using kafka::offset_commit_response;

/// The partitions of a request in order; `accepted` are those that went to the coordinator, as its items at `places`.
struct commit {
  offset_commit_request asked;
  offset_commit_response response;
  std::vector<offset_commit_response::partition*> accepted;
  std::vector<std::size_t> places;
};

void shape_response(commit& c) {
  for (const auto& topic : c.asked.topics) {
    auto& out = c.response.topics.emplace_back(offset_commit_response::topic{topic.name, topic.topic_id, {}});
    for (const auto& partition : topic.partitions) out.partitions.push_back({partition.partition_index, {}});
  }
}

void answer(const request_ptr& r, const offset_commit_response& response) {
  for (const auto& topic : response.topics)
    for (const auto& p : topic.partitions)
      (p.error_code == error_code::none ? counted.commits : counted.failed_commits).add();
  r->answer(response);
}

error_code check(const services& node, const msg::topic_result& topic, const offset_commit_request::partition& p) {
  if (topic.error == error_code::leader_not_available) return error_code::coordinator_not_available;
  if (auto error = check_partition(topic, p.partition_index); error != error_code::none) return error;
  if (!p.committed_metadata) return error_code::none;
  // Kafka's "max bytes" counts characters of Java. What old versions cannot carry back is too large, too.
  const auto most = static_cast<std::size_t>(node.settings.offset_metadata_max_bytes);
  const auto& text = *p.committed_metadata;
  const bool is_too_large = utf16_length(text) > most || text.size() > kafka::longest_string;
  return is_too_large ? error_code::offset_metadata_too_large : error_code::none;
}

/// What is to be stored of those that are accepted; the others get their errors. Of a partition that is named again its
/// last position counts, as in Kafka, where it is the later record.
std::vector<msg::offset_commit_item> items_of(const services& node, commit& c,
                                              const std::vector<msg::topic_result>& topics) {
  struct source {
    const smq::topic_info* of;
    const offset_commit_request::partition* asked;
  };
  std::vector<named_partition> named;
  std::vector<source> sources;
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (std::size_t i = 0; i < c.asked.topics[t].partitions.size(); ++i) {
      const auto& p = c.asked.topics[t].partitions[i];
      auto& out = c.response.topics[t].partitions[i];
      out.error_code = check(node, topics[t], p);
      if (out.error_code != error_code::none) continue;
      named.push_back({topics[t].topic->id, p.partition_index});
      sources.push_back({topics[t].topic.get(), &p});
      c.accepted.push_back(&out);
    }
  }
  c.places = places_of(named);
  std::vector<source> last(count_of(c.places));
  for (std::size_t i = 0; i < sources.size(); ++i) last[c.places[i]] = sources[i];
  std::vector<msg::offset_commit_item> items;
  items.reserve(last.size());
  const auto now_ms = wall_ms();
  for (const auto& [of, p] : last)
    items.push_back({{of->name, of->id, p->partition_index},
                     {p->committed_offset, p->committed_leader_epoch, p->committed_metadata.value_or(""), now_ms}});
  return items;
}

void pass_on(const services& node, const request_ptr& r, std::shared_ptr<commit> c,
             const std::vector<msg::topic_result>& topics) {
  msg::offset_commit m;
  m.group_id = c->asked.group_id;
  m.member_id = c->asked.member_id;
  m.instance_id = c->asked.group_instance_id;
  m.generation = c->asked.generation_id_or_member_epoch;
  m.client_host = r->client_host();
  m.items = items_of(node, *c, topics);
  if (m.items.empty()) return answer(r, c->response);
  auto done = [r, c](const msg::offset_commit_result& result) {
    const auto& errors = result.items;
    c->response.throttle_time_ms = result.throttle_ms;
    const bool by_id = r->header.api_version >= 10;
    for (std::size_t i = 0; i < c->accepted.size(); ++i) {
      auto& error = c->accepted[i]->error_code;
      error = c->places[i] < errors.size() ? errors[c->places[i]] : error_code::unknown_server_error;
      // The topic was deleted on the way.
      if (by_id && error == error_code::unknown_topic_or_partition) error = error_code::unknown_topic_id;
    }
    answer(r, c->response);
  };
  m.answer = msg::item_errors_reply(m.items.size(), done);
  node.groups.send(std::move(m));
}

}  // namespace

/// OffsetCommit (API key 8). Answered when the positions are stored. As in Kafka the group may be "": old consumers
/// without a group commit to it. Nobody can join it.
/// Errors per partition: unknown_topic_or_partition, unknown_topic_id, offset_metadata_too_large, and the
/// coordinator's: illegal_generation, unknown_member_id, rebalance_in_progress, fenced_instance_id,
/// not_coordinator, coordinator_load_in_progress (limits.new_groups_per_second: not stored, clients repeat it),
/// coordinator_not_available (stored or not: ask OffsetFetch). The last one is also for what the store
/// refused: clients look for the coordinator and commit again, and kafka_storage_error would end a Java consumer.
void offset_commit(const services& node, const request_ptr& r) {
  auto decoded = r->decode<offset_commit_request>();
  if (!decoded) return;
  auto c = std::make_shared<commit>();
  c->asked = std::move(*decoded);
  shape_response(*c);
  const bool by_id = r->header.api_version >= 10;
  std::vector<topic_reference> wanted;
  for (const auto& topic : c->asked.topics) wanted.push_back({topic.name, topic.topic_id, by_id});
  find_topics(node, r, std::move(wanted), false,
              [&node, r, c](std::vector<msg::topic_result> topics) { pass_on(node, r, c, topics); });
}

}  // namespace tidegate::actors::handlers
