#include "messages/kafka/list_offsets.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace tidegate::actors::handlers {

namespace {

using kafka::list_offsets_request;
using kafka::list_offsets_response;

/// Tiered storage's own timestamps (KIP-405): everything here is local, nothing is tiered.
constexpr std::int64_t earliest_local = -4;
constexpr std::int64_t latest_tiered = -5;
constexpr std::int64_t earliest_pending_upload = -6;

/// From which version on a special timestamp may be asked for.
bool knows_timestamp(std::int64_t timestamp, std::int16_t version) {
  switch (timestamp) {
    case msg::latest_timestamp:
    case msg::earliest_timestamp: return true;
    case msg::max_timestamp: return version >= 7;
    case earliest_local: return version >= 8;
    case latest_tiered: return version >= 9;
    case earliest_pending_upload: return version >= 11;
    default: return timestamp >= 0;
  }
}

/// One ListOffsets. A search by time holds a chunk in memory, so only a few partitions are asked at once.
/// Runs in the connection's actor only.
struct listing : std::enable_shared_from_this<listing> {
  static constexpr std::size_t at_once = 16;

  struct question {
    msg::topic_result topic;
    list_offsets_request::partition partition;
    error_code error = error_code::none;
  };

  const services& node;
  request_ptr r;
  list_offsets_request asked;
  std::vector<question> questions;
  std::vector<msg::list_offsets_result> found;
  std::size_t next = 0;
  std::size_t running = 0;

  listing(const services& n, request_ptr request, list_offsets_request body)
    : node(n), r(std::move(request)), asked(std::move(body)) {}

  void prepare(const std::vector<msg::topic_result>& topics);
  void go_on();
  void ask(std::size_t i);
  void answer();
};

void listing::prepare(const std::vector<msg::topic_result>& topics) {
  std::map<std::pair<std::string_view, std::int32_t>, int> mentions;
  for (const auto& topic : asked.topics)
    for (const auto& p : topic.partitions) ++mentions[{topic.name, p.partition_index}];
  for (std::size_t t = 0; t < topics.size(); ++t) {
    for (const auto& p : asked.topics[t].partitions) {
      auto error = check_partition(topics[t], p.partition_index);
      if (mentions[{asked.topics[t].name, p.partition_index}] > 1) error = error_code::invalid_request;
      if (error == error_code::none && !knows_timestamp(p.timestamp, r->header.api_version))
        error = error_code::unsupported_version;
      questions.push_back({topics[t], p, error});
    }
  }
  found.resize(questions.size());
}

void listing::go_on() {
  for (; next < questions.size() && running < at_once; ++next) {
    const auto timestamp = questions[next].partition.timestamp;
    found[next].error = questions[next].error;
    const bool nothing_tiered = timestamp == latest_tiered || timestamp == earliest_pending_upload;
    if (questions[next].error == error_code::none && !nothing_tiered) ask(next);
  }
  if (next == questions.size() && running == 0) answer();
}

void listing::ask(std::size_t i) {
  ++running;
  const auto& q = questions[i];
  msg::list_offsets_result dropped;
  dropped.error = error_code::leader_not_available;
  auto arrived = [self = shared_from_this(), i](const msg::list_offsets_result& result) {
    self->r->post([self, i, result] {
      self->found[i] = result;
      --self->running;
      self->go_on();
    });
  };
  const auto timestamp =
    q.partition.timestamp == earliest_local ? msg::earliest_timestamp : q.partition.timestamp;
  node.partitions.send(msg::list_offsets{q.topic.topic->name, q.topic.topic->id, q.partition.partition_index, timestamp,
                                         q.partition.current_leader_epoch,
                                         reply<msg::list_offsets_result>{dropped, arrived}, r->client_host()});
}

void listing::answer() {
  list_offsets_response response;
  auto one = found.begin();
  for (const auto& topic : asked.topics) {
    auto& out = response.topics.emplace_back(list_offsets_response::topic{topic.name, {}});
    for (const auto& partition : topic.partitions) {
      auto& p = out.partitions.emplace_back();
      p.partition_index = partition.partition_index;
      p.error_code = one->error;
      p.timestamp = one->timestamp;
      p.offset = one->offset;
      p.leader_epoch = one->leader_epoch;
      const bool has_offset = one->error == error_code::none && one->offset >= 0;
      if (has_offset && partition.max_num_offsets > 0) p.old_style_offsets = {one->offset};
      ++one;
    }
  }
  r->answer(response);
}

}  // namespace

/// ListOffsets (API key 2). The latest offset is the high watermark.
/// Errors per partition: unknown_topic_or_partition, invalid_request (named twice), unsupported_version (timestamp),
/// fenced_leader_epoch, unknown_leader_epoch, leader_not_available, kafka_storage_error.
void list_offsets(const services& node, const request_ptr& r) {
  auto decoded = r->decode<list_offsets_request>();
  if (!decoded) return;
  std::vector<topic_reference> wanted;
  for (const auto& topic : decoded->topics) wanted.push_back({topic.name, {}, false});
  auto l = std::make_shared<listing>(node, r, std::move(*decoded));
  find_topics(node, r, std::move(wanted), false, [l](std::vector<msg::topic_result> topics) {
    l->r->post([l, topics = std::move(topics)] {
      l->prepare(topics);
      l->go_on();
    });
  });
}

}  // namespace tidegate::actors::handlers
