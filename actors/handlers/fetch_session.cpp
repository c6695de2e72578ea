#include "actors/handlers/fetch_session.hpp"

#include "actors/handlers/request.hpp"
#include "actors/handlers/services.hpp"
#include "messages/kafka/fetch.hpp"

#include <atomic>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

namespace tidegate::actors {

namespace {

using kafka::fetch_request;

using partition_key = std::tuple<std::string_view, uuid, std::int32_t>;

partition_key key_of(const fetch_interest& i) { return {i.topic, i.topic_id, i.partition}; }

/// Every partition once, in the client's order; of a repeated one the last mention counts, as in Kafka.
std::vector<fetch_interest> interests(const fetch_request& asked) {
  std::vector<fetch_interest> all;
  std::map<partition_key, std::size_t> places;
  for (const auto& topic : asked.topics)
    for (const auto& p : topic.partitions) {
      fetch_interest one{topic.topic, topic.topic_id, p.partition, p.fetch_offset, p.current_leader_epoch,
                         p.last_fetched_epoch, p.partition_max_bytes, -1, -1};
      const partition_key key{topic.topic, topic.topic_id, p.partition};
      const auto [place, added] = places.try_emplace(key, all.size());
      if (added)
        all.push_back(std::move(one));
      else
        all[place->second] = std::move(one);
    }
  return all;
}

void update(fetch_session& session, const fetch_request& asked) {
  auto fresh = interests(asked);
  std::map<partition_key, std::size_t> changed;
  for (std::size_t i = 0; i < fresh.size(); ++i) changed.emplace(key_of(fresh[i]), i);
  std::set<partition_key> forgotten;
  for (const auto& topic : asked.forgotten_topics_data)
    for (auto partition : topic.partitions) forgotten.insert(partition_key{topic.topic, topic.topic_id, partition});
  std::vector<fetch_interest> next;
  std::vector<bool> known(fresh.size());
  for (auto& old : session.partitions) {
    if (forgotten.count(key_of(old)) > 0) continue;
    if (auto found = changed.find(key_of(old)); found != changed.end()) {
      known[found->second] = true;
      const auto high_watermark = old.told_high_watermark;
      const auto log_start = old.told_log_start;
      old = fresh[found->second];
      old.told_high_watermark = high_watermark;
      old.told_log_start = log_start;
    }
    next.push_back(std::move(old));
  }
  for (std::size_t i = 0; i < fresh.size(); ++i)
    if (!known[i] && forgotten.count(key_of(fresh[i])) == 0) next.push_back(fresh[i]);
  session.partitions = std::move(next);
}

entered_session failed(error_code error) {
  entered_session f;
  f.error = error;
  return f;
}

}  // namespace

bool same_partition(const fetch_interest& a, const fetch_interest& b) {
  return a.partition == b.partition && a.topic == b.topic && a.topic_id == b.topic_id;
}

/// Moves the partitions that are marked behind the others.
void move_back(std::vector<fetch_interest>& all, const std::vector<bool>& marked) {
  std::vector<fetch_interest> moved;
  for (const bool mark : {false, true})
    for (std::size_t i = 0; i < all.size(); ++i)
      if (marked[i] == mark) moved.push_back(std::move(all[i]));
  all = std::move(moved);
}

entered_session enter_session(const services& node, connection_scratch& scratch, const kafka::fetch_request& asked,
                              bool by_id) {
  entered_session f;
  if (asked.session_epoch == -1) {
    if (scratch.session && scratch.session->id == asked.session_id) scratch.session.reset();
    f.partitions = interests(asked);
    return f;
  }
  if (asked.session_epoch == 0) {
    static std::atomic<std::int32_t> next_id{1};
    f.partitions = interests(asked);
    scratch.session.reset();
    if (f.partitions.size() > node.settings.fetch_session_partitions) return f;
    auto slot = node.fetch_sessions.take();
    if (!slot) return f;
    scratch.session = std::make_shared<fetch_session>();
    scratch.session->slot = std::move(slot);
    scratch.session->id = next_id.fetch_add(1) & 0x7fffffff;
    scratch.session->epoch = 1;
    scratch.session->by_id = by_id;
    scratch.session->partitions = f.partitions;
    f.session = scratch.session;
    return f;
  }
  auto& session = scratch.session;
  if (!session || session->id != asked.session_id) return failed(error_code::fetch_session_id_not_found);
  if (session->epoch != asked.session_epoch) return failed(error_code::invalid_fetch_session_epoch);
  if (session->by_id != by_id) return failed(error_code::fetch_session_id_not_found);
  update(*session, asked);
  if (session->partitions.size() > node.settings.fetch_session_partitions) {
    session.reset();
    return failed(error_code::invalid_request);
  }
  session->epoch = fetch_session::after(session->epoch);
  f.session = session;
  f.partitions = session->partitions;
  f.incremental = true;
  return f;
}

}  // namespace tidegate::actors
