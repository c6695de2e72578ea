#include "messages/kafka/fetch.hpp"

#include "actors/handlers/fetch_session.hpp"
#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/message_types.hpp"
#include "messages/actor/fan_in.hpp"

#include <algorithm>
#include <atomic>

namespace tidegate::actors::handlers {

namespace {

using kafka::fetch_request;
using kafka::fetch_response;

/// One Fetch from its first read to its answer. Runs in the connection's actor only.
struct fetching : std::enable_shared_from_this<fetching> {
  const services& node;
  request_ptr r;
  fetch_request asked;
  std::shared_ptr<fetch_session> session;  // null: sessionless
  std::vector<fetch_interest> partitions;
  bool incremental = false;
  bool by_id = false;
  std::vector<msg::topic_result> topics;  // one per partition
  std::vector<msg::fetch_result> results;
  bool expired = false;  // max_wait_ms is over
  bool reading = false;
  bool answered = false;

  fetching(const services& n, request_ptr request) : node(n), r(std::move(request)) {}

  void start();
  void read();
  void have(std::vector<msg::fetch_result> read);
  void wait();
  void read_again();
  void finish();
  [[nodiscard]] std::int32_t byte_limit() const { return std::min(asked.max_bytes, node.settings.fetch_max_bytes); }
  [[nodiscard]] bool is_enough() const;
  void add_partition(fetch_response& response, std::size_t i, std::int64_t& bytes_left);
};

std::vector<fetch_interest> interests(const fetch_request& asked) {
  std::vector<fetch_interest> all;
  for (const auto& topic : asked.topics)
    for (const auto& p : topic.partitions)
      all.push_back({topic.topic, topic.topic_id, p.partition, p.fetch_offset, p.current_leader_epoch,
                     p.last_fetched_epoch, p.partition_max_bytes, -1, -1});
  return all;
}

bool same_partition(const fetch_interest& a, const fetch_interest& b) {
  return a.partition == b.partition && a.topic == b.topic && a.topic_id == b.topic_id;
}

void update(fetch_session& session, const fetch_request& asked) {
  std::map<std::tuple<std::string, uuid, std::int32_t>, std::size_t> places;
  auto key = [](const fetch_interest& i) { return std::tuple{i.topic, i.topic_id, i.partition}; };
  for (std::size_t i = 0; i < session.partitions.size(); ++i) places[key(session.partitions[i])] = i;
  for (auto& fresh : interests(asked)) {
    auto [place, added] = places.try_emplace(key(fresh), session.partitions.size());
    if (added)
      session.partitions.push_back(std::move(fresh));
    else
      session.partitions[place->second] = std::move(fresh);
  }
  for (const auto& topic : asked.forgotten_topics_data)
    for (auto partition : topic.partitions)
      std::erase_if(session.partitions, [&](const fetch_interest& i) {
        return same_partition(i, {topic.topic, topic.topic_id, partition, 0, -1, -1, 0, -1, -1});
      });
}

/// Finds, makes or ends the session that the request means; an error is the whole answer.
error_code enter_session(const services& node, connection_scratch& scratch, fetching& f) {
  const auto& asked = f.asked;
  if (asked.session_epoch == -1) {
    if (scratch.session && scratch.session->id == asked.session_id) scratch.session.reset();
    f.partitions = interests(asked);
    return error_code::none;
  }
  if (asked.session_epoch == 0) {
    static std::atomic<std::int32_t> next_id{1};
    f.partitions = interests(asked);
    scratch.session.reset();
    if (f.partitions.size() > node.settings.fetch_session_partitions) return error_code::none;
    auto slot = node.fetch_sessions.take();
    if (!slot) return error_code::none;
    scratch.session = std::make_shared<fetch_session>();
    scratch.session->slot = std::move(slot);
    scratch.session->id = next_id.fetch_add(1) & 0x7fffffff;
    scratch.session->epoch = 1;
    scratch.session->by_id = f.by_id;
    scratch.session->partitions = f.partitions;
    f.session = scratch.session;
    return error_code::none;
  }
  auto& session = scratch.session;
  if (!session || session->id != asked.session_id) return error_code::fetch_session_id_not_found;
  if (session->epoch != asked.session_epoch) return error_code::invalid_fetch_session_epoch;
  update(*session, asked);
  if (session->partitions.size() > node.settings.fetch_session_partitions) return error_code::invalid_request;
  session->epoch = fetch_session::after(session->epoch);
  f.session = session;
  f.partitions = session->partitions;
  f.incremental = true;
  return error_code::none;
}

void fetching::start() {
  std::vector<topic_reference> wanted;
  for (const auto& p : partitions) wanted.push_back({p.topic, p.topic_id, by_id});
  find_topics(node, r, std::move(wanted), false, [self = shared_from_this()](std::vector<msg::topic_result> found) {
    self->r->post([self, found = std::move(found)]() mutable {
      self->topics = std::move(found);
      self->read();
    });
  });
}

void fetching::read() {
  reading = true;
  auto all = fan_in<msg::fetch_result>::make(
    partitions.size(), [self = shared_from_this()](std::vector<msg::fetch_result> read) {
      self->r->post([self, read = std::move(read)]() mutable { self->have(std::move(read)); });
    });
  msg::fetch_result dropped;
  dropped.error = error_code::kafka_storage_error;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const auto& p = partitions[i];
    auto reply = all->slot(i, dropped);
    if (auto error = check_partition(topics[i], p.partition); error != error_code::none) {
      msg::fetch_result refused;
      refused.error = error;
      reply(refused);
      continue;
    }
    caf::anon_send(node.partitions,
                   msg::fetch_read{topics[i].topic->name, topics[i].topic->id, p.partition, p.fetch_offset,
                                             p.current_leader_epoch, p.last_fetched_epoch,
                                             std::min(p.max_bytes, byte_limit()), std::move(reply)});
  }
}

bool fetching::is_enough() const {
  // Nothing could end the wait; a Java consumer that closes its session sends this and waits for the answer.
  if (partitions.empty()) return true;
  std::int64_t bytes = 0;
  for (const auto& result : results) {
    if (result.error != error_code::none || result.diverging_epoch.epoch >= 0) return true;
    for (const auto& batch : result.batches) bytes += static_cast<std::int64_t>(batch.size());
  }
  return bytes >= asked.min_bytes;
}

void fetching::have(std::vector<msg::fetch_result> read) {
  const bool first = results.empty();
  reading = false;
  results = std::move(read);
  if (first && asked.max_wait_ms > 0 && !is_enough()) {
    r->post_later(std::chrono::milliseconds{asked.max_wait_ms}, [self = shared_from_this()] {
      self->expired = true;
      self->read_again();
    });
    return wait();
  }
  if (first || expired || is_enough()) return finish();
  wait();
}

void fetching::read_again() {
  if (!answered && !reading) read();
}

void fetching::wait() {
  // Woken by whichever partition grows first, or by the clock. Offset actors drop waits whose asker is gone.
  std::weak_ptr<fetching> weak = shared_from_this();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    auto wake = [weak](bool) {
      if (auto self = weak.lock()) self->r->post([self] { self->read_again(); });
    };
    caf::anon_send(node.partitions,
                   msg::fetch_wait{topics[i].topic->name, topics[i].topic->id, partitions[i].partition,
                                             results[i].high_watermark, reply<bool>{false, wake}, weak});
  }
}

void fetching::add_partition(fetch_response& response, std::size_t i, std::int64_t& bytes_left) {
  const auto& p = partitions[i];
  auto& result = results[i];
  fetch_response::partition_data out;
  out.partition_index = p.partition;
  out.error_code = result.error;
  out.high_watermark = result.high_watermark;
  out.last_stable_offset = result.last_stable_offset;
  out.log_start_offset = result.log_start_offset;
  if (r->header.api_version >= 12 && result.diverging_epoch.epoch >= 0)
    out.diverging_epoch = {result.diverging_epoch.epoch, result.diverging_epoch.end_offset};
  const bool first = bytes_left == byte_limit();
  for (auto& batch : result.batches) {
    const auto size = static_cast<std::int64_t>(batch.size());
    // The first batch of the first partition goes out even above the limit, or a consumer could never get past it.
    if (size > bytes_left && !(first && out.records->empty())) break;
    bytes_left -= size;
    out.records->push_back(std::move(batch));
  }
  const bool changed = p.told_high_watermark != out.high_watermark || p.told_log_start != out.log_start_offset;
  if (incremental && !changed && out.records->empty() && out.error_code == error_code::none &&
      out.diverging_epoch.epoch < 0)
    return;
  if (session && i < session->partitions.size() && same_partition(session->partitions[i], p)) {
    session->partitions[i].told_high_watermark = out.error_code == error_code::none ? out.high_watermark : -1;
    session->partitions[i].told_log_start = out.log_start_offset;
  }
  if (response.responses.empty() || response.responses.back().topic != p.topic ||
      response.responses.back().topic_id != p.topic_id)
    response.responses.push_back({p.topic, p.topic_id, {}});
  response.responses.back().partitions.push_back(std::move(out));
}

void fetching::finish() {
  answered = true;
  fetch_response response;
  response.session_id = session ? session->id : 0;
  std::int64_t bytes_left = byte_limit();
  for (std::size_t i = 0; i < partitions.size(); ++i) add_partition(response, i, bytes_left);
  r->answer(response);
}

}  // namespace

/// Fetch (API key 1), with incremental sessions (KIP-227). Waits without polling: the offset actors wake it.
/// Errors per partition: offset_out_of_range (with the true bounds), unknown_topic_or_partition, unknown_topic_id,
/// fenced_leader_epoch, unknown_leader_epoch, kafka_storage_error.
void fetch(const services& node, const request_ptr& r) {
  auto asked = r->decode<fetch_request>();
  if (!asked) return;
  // Only brokers fetch as replicas (CVE-2018-1288).
  if (asked->replica_id >= 0 || asked->replica_state.replica_id >= 0) return r->close("fetch as a replica");
  auto f = std::make_shared<fetching>(node, r);
  f->asked = std::move(*asked);
  f->by_id = r->header.api_version >= 13;
  if (auto error = enter_session(node, *r->scratch, *f); error != error_code::none) {
    fetch_response response;
    response.error_code = error;
    return r->answer(response);
  }
  f->start();
}

}  // namespace tidegate::actors::handlers
