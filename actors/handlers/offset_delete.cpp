#include "messages/kafka/offset_delete.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/named_once.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"

namespace tidegate::actors::handlers {

namespace {

using kafka::offset_delete_request;
using kafka::offset_delete_response;

/// The partitions of a request in order; `accepted` are those that went to the coordinator, each once and at `places`.
struct removal {
  offset_delete_request asked;
  offset_delete_response response;
  std::vector<offset_delete_response::partition*> accepted;
  std::vector<std::size_t> places;
};

/// An error of the group: then no partition is named, as in Kafka.
void fail(const request_ptr& r, error_code error) {
  offset_delete_response failed;
  failed.error_code = error;
  r->answer(failed);
}

/// What is to be removed of those that are accepted; the others get their errors.
std::vector<msg::group_partition> partitions_of(removal& d, const std::vector<msg::topic_result>& topics) {
  std::vector<named_partition> named;
  std::vector<const smq::topic_info*> of;
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (auto& out : d.response.topics[t].partitions) {
      out.error_code = check_partition(topics[t], out.partition_index);
      if (out.error_code != error_code::none) continue;
      named.push_back({topics[t].topic->id, out.partition_index});
      of.push_back(topics[t].topic.get());
      d.accepted.push_back(&out);
    }
  }
  d.places = places_of(named);
  std::vector<msg::group_partition> partitions;
  for (std::size_t i = 0; i < named.size(); ++i)
    if (d.places[i] == partitions.size()) partitions.push_back({of[i]->name, of[i]->id, named[i].partition});
  return partitions;
}

void pass_on(const services& node, const request_ptr& r, const std::shared_ptr<removal>& d,
             const std::vector<msg::topic_result>& topics) {
  // Admin clients ask again after this error of the group, and hand one of a partition to their user.
  for (const auto& topic : topics)
    if (topic.error == error_code::leader_not_available) return fail(r, error_code::coordinator_not_available);
  msg::delete_offsets m;
  m.group_id = d->asked.group_id;
  m.partitions = partitions_of(*d, topics);
  auto done = [r, d](const msg::delete_offsets_result& removed) {
    if (removed.error != error_code::none) return fail(r, removed.error);
    for (std::size_t i = 0; i < d->accepted.size(); ++i) {
      const auto place = d->places[i];
      d->accepted[i]->error_code =
        place < removed.items.size() ? removed.items[place] : error_code::unknown_server_error;
    }
    r->answer(d->response);
  };
  m.answer = msg::reply_or_unavailable<msg::delete_offsets_result>(done);
  node.groups.send(std::move(m));
}

}  // namespace

/// OffsetDelete (API key 47, KIP-496). Answered when the positions are gone from the store.
/// Errors: invalid_group_id, group_id_not_found, non_empty_group, coordinator_not_available (gone or not: ask again).
/// Errors per partition: unknown_topic_or_partition, group_subscribed_to_topic.
void offset_delete(const services& node, const request_ptr& r) {
  auto decoded = r->decode<offset_delete_request>();
  if (!decoded) return;
  auto d = std::make_shared<removal>();
  d->asked = std::move(*decoded);
  if (d->asked.group_id.empty()) return fail(r, error_code::invalid_group_id);
  std::vector<topic_reference> wanted;
  for (const auto& topic : d->asked.topics) {
    wanted.push_back({topic.name, {}, false});
    auto& out = d->response.topics.emplace_back(offset_delete_response::topic{topic.name, {}});
    for (const auto& partition : topic.partitions) out.partitions.push_back({partition.partition_index, {}});
  }
  // Taken here: what find_topics() calls may run on another thread.
  auto held = r->hold();
  find_topics(node, r, std::move(wanted), false, [&node, r, d, held](const std::vector<msg::topic_result>& topics) {
    // A group without an entry may have positions in any topic; where topics cannot be listed, its coordinator says so.
    auto loaded = [&node, r, d, topics, token = held](error_code) mutable {
      pass_on(node, r, d, topics);
      token.reset();
    };
    node.topics.send(msg::load_all_topics{reply<error_code>{error_code::coordinator_not_available, std::move(loaded)}});
  });
}

}  // namespace tidegate::actors::handlers
