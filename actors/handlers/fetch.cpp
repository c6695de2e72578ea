#include "messages/kafka/fetch.hpp"

#include "actors/handlers/fetch_answer.hpp"
#include "actors/handlers/fetch_budget.hpp"
#include "actors/handlers/fetch_session.hpp"
#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/kafka/record_batch.hpp"
#include "net/node_budget.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <set>

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
  std::int64_t held = 0;                   // bytes of results
  std::vector<std::size_t> current;        // partitions that are being read
  std::vector<std::size_t> woken;          // partitions that may have grown since they were read
  std::optional<paced_reads> reads;        // of `current`
  std::uint64_t round = 0;                 // of reads; late answers of an earlier one do not count
  std::chrono::steady_clock::time_point round_began;
  std::set<std::size_t> unanswered;        // of `current`
  std::vector<bool> slow;                  // partitions that were not read in time
  std::shared_ptr<fetch_grant> grant;
  std::chrono::steady_clock::time_point deadline;
  bool has_timer = false;
  bool expired = false;  // max_wait_ms is over
  bool limited = false;  // a partition may have more than fits into the answer
  bool answered = false;
  gauge_share waiting;  // while nothing is read

  fetching(const services& n, request_ptr request) : node(n), r(std::move(request)) {}

  void start();
  void read(std::vector<std::size_t> which);
  void send_reads();
  void read_one(std::size_t i, std::int32_t max_bytes);
  void have_one(std::size_t i, std::int32_t granted, bool is_for_bounds, msg::fetch_result read);
  void watch_reads();
  void look_at_reads();
  void give_up_reads();
  void have_all();
  void wait_for(std::size_t i);
  [[nodiscard]] std::chrono::milliseconds longest_wait() const;
  void arm_timer();
  void wake();
  void finish();
  [[nodiscard]] std::int64_t byte_limit() const {
    return std::max(std::min(asked.max_bytes, node.settings.fetch_max_bytes.get()), 0);
  }
  [[nodiscard]] bool is_enough() const;
  bool add_partition(fetch_response& response, std::size_t i, std::int64_t& bytes_left);
};

std::int64_t size_of(const msg::fetch_result& result) {
  std::int64_t bytes = 0;
  for (const auto& batch : result.batches) bytes += static_cast<std::int64_t>(batch.size());
  return bytes;
}

/// Whether the partition had more than what was read of it.
bool has_more(const msg::fetch_result& read) {
  if (read.batches.empty()) return false;
  const auto last = kafka::read_batch_header(read.batches.back().view());
  return last && last->next_offset() < read.high_watermark;
}

void fetching::start() {
  std::vector<topic_reference> wanted;
  for (const auto& p : partitions) wanted.push_back({p.topic, p.topic_id, by_id});
  find_topics(node, r, std::move(wanted), false, [self = shared_from_this()](std::vector<msg::topic_result> found) {
    self->r->post([self, found = std::move(found)]() mutable {
      self->topics = std::move(found);
      std::vector<std::size_t> all(self->partitions.size());
      std::iota(all.begin(), all.end(), std::size_t{0});
      self->read(std::move(all));
    });
  });
}

void fetching::read(std::vector<std::size_t> which) {
  waiting.set(nullptr);
  results.resize(partitions.size());
  current = std::move(which);
  ++round;
  round_began = std::chrono::steady_clock::now();
  unanswered = {current.begin(), current.end()};
  std::vector<paced_reads::one> all;
  std::int64_t wanted = 0;
  for (auto i : current) {
    held -= size_of(std::exchange(results[i], {}));
    wanted += std::max(partitions[i].max_bytes, 0);
    all.push_back({i, partitions[i].max_bytes});
  }
  const auto granted = std::min(byte_limit(), held + wanted);
  grant->raise_to(granted);
  if (grant->bytes() < granted && node.fetch_budget->free() <= 0) counted.fetches_cut_short.add();
  reads.emplace(std::move(all), grant->bytes() - held);
  send_reads();
  if (reads->is_done()) return have_all();
  watch_reads();
}

/// One timer per connection, for as long as one of its fetches reads.
void fetching::watch_reads() {
  auto& scratch = r->scratch;
  scratch->reading.insert_or_assign(this, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_at_reads();
  });
  if (std::exchange(scratch->is_told_of_time, true)) return;
  r->post_later(node.settings.longest_read / 5, [scratch] {
    scratch->is_told_of_time = false;
    const auto all = scratch->reading;  // who gives up leaves the list
    for (const auto& [who, look] : all) look();
  });
}

void fetching::look_at_reads() {
  if (std::chrono::steady_clock::now() - round_began < node.settings.longest_read) return watch_reads();
  give_up_reads();
}

void fetching::give_up_reads() {
  ++round;
  slow.resize(partitions.size());
  for (auto i : unanswered) {
    slow[i] = true;
    results[i].error = error_code::kafka_storage_error;
  }
  limited = true;
  have_all();
}

void fetching::send_reads() {
  const auto known = node.store->topics.current();
  while (auto one = reads->next()) {
    auto error = check_partition(topics[one->index], partitions[one->index].partition);
    if (error == error_code::none && !known->find(topics[one->index].topic->id))  // deleted while the client waited
      error = !known->complete ? error_code::not_leader_or_follower
              : by_id          ? error_code::unknown_topic_id
                               : error_code::unknown_topic_or_partition;
    if (error == error_code::none) {
      read_one(one->index, one->max_bytes);
      continue;
    }
    // A Java consumer ends on "leader not available"; on this one it asks for metadata and tries again.
    results[one->index].error =
      error == error_code::leader_not_available ? error_code::not_leader_or_follower : error;
    unanswered.erase(one->index);
    reads->answered(one->max_bytes, 0);
  }
}

void fetching::read_one(std::size_t i, std::int32_t max_bytes) {
  const auto& p = partitions[i];
  msg::fetch_result dropped;
  dropped.error = error_code::kafka_storage_error;
  // Without a grant it is asked for its bounds alone; only an answer that would be empty takes a batch.
  const bool is_for_bounds = max_bytes == 0 && held > 0;
  auto arrived = [self = shared_from_this(), i, max_bytes, is_for_bounds, now = round](msg::fetch_result result) {
    self->r->post([self, i, max_bytes, is_for_bounds, now, result = std::move(result)]() mutable {
      if (now == self->round) self->have_one(i, max_bytes, is_for_bounds, std::move(result));
    });
  };
  node.partitions.send(msg::fetch_read{topics[i].topic->name, topics[i].topic->id, p.partition, p.fetch_offset,
                                       p.current_leader_epoch, p.last_fetched_epoch, max_bytes,
                                       is_for_bounds, reply<msg::fetch_result>{dropped, arrived}});
}

void fetching::have_one(std::size_t i, std::int32_t granted, bool is_for_bounds, msg::fetch_result read) {
  unanswered.erase(i);
  const bool has_records = read.error == error_code::none && partitions[i].fetch_offset < read.high_watermark;
  if (is_for_bounds ? has_records : granted < partitions[i].max_bytes && has_more(read)) limited = true;
  if (granted == 0 && held > 0 && !read.batches.empty()) {  // others were faster
    limited = true;
    read.batches.clear();
  }
  results[i] = std::move(read);
  held += size_of(results[i]);
  reads->answered(granted, size_of(results[i]));
  send_reads();
  if (reads->is_done()) have_all();
}

/// There is no such partition. As in Kafka, the others are waited for: who still asks for a deleted topic would ask again
/// and again without a pause.
static bool is_nowhere(const msg::fetch_result& read) {
  return read.error == error_code::unknown_topic_or_partition || read.error == error_code::unknown_topic_id;
}

bool fetching::is_enough() const {
  // Nothing could end the wait; a Java consumer that closes its session sends this and waits for the answer.
  if (partitions.empty() || limited || std::ranges::all_of(results, is_nowhere)) return true;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (is_nowhere(results[i])) continue;
    if (results[i].error != error_code::none || results[i].diverging_epoch.epoch >= 0) return true;
    const auto size = static_cast<std::int64_t>(size_of(results[i]));
    // As Kafka counts it: one that has more gives all that it may, whatever its batches leave of that.
    bytes += has_more(results[i]) ? std::max<std::int64_t>(size, partitions[i].max_bytes) : size;
  }
  return bytes >= std::min<std::int64_t>(asked.min_bytes, byte_limit());
}

void fetching::have_all() {
  reads.reset();
  r->scratch->reading.erase(this);
  grant->set(held);
  if (expired || asked.max_wait_ms <= 0 || is_enough()) return finish();
  if (!has_timer) {
    has_timer = true;
    deadline = std::chrono::steady_clock::now() + longest_wait();
    r->scratch->waiting.emplace(this, shared_from_this());
    arm_timer();
  }
  waiting.set(&counted.waiting_fetches);
  // One that has more already gives all that it may: its growth would only have the same bytes read again.
  for (auto i : std::exchange(current, {}))
    if (!is_nowhere(results[i]) && !has_more(results[i])) wait_for(i);
  if (!woken.empty()) wake();
}

/// A large request takes from what all clients together may hold (limits.node_bytes_in_flight): not for weeks.
std::chrono::milliseconds fetching::longest_wait() const {
  constexpr std::chrono::milliseconds longest_of_large{10'000};
  const std::chrono::milliseconds asked_for{asked.max_wait_ms};
  return r->body.size() > net::node_budget::free_bytes ? std::min(asked_for, longest_of_large) : asked_for;
}

/// Woken by whichever partition grows first. Offset actors drop waits whose asker is gone.
void fetching::wait_for(std::size_t i) {
  std::weak_ptr<fetching> weak = shared_from_this();
  auto grown = [weak, i](bool) {
    auto self = weak.lock();
    if (!self) return;
    self->r->post([self, i] {
      self->woken.push_back(i);
      self->wake();
    });
  };
  node.partitions.send(msg::fetch_wait{topics[i].topic->name, topics[i].topic->id, partitions[i].partition,
                                       results[i].high_watermark, reply<bool>{false, grown}, weak});
}

void fetching::wake() {
  if (!answered && !reads) read(std::exchange(woken, {}));
}

/// A timer keeps its connection's actor, but not the request: max_wait_ms may be weeks, so it runs in short steps.
void fetching::arm_timer() {
  constexpr std::chrono::milliseconds step{5000};
  const auto left =
    std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  r->post_later(std::clamp(left, std::chrono::milliseconds{1}, step), [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self || self->answered) return;
    if (std::chrono::steady_clock::now() < self->deadline) return self->arm_timer();
    self->expired = true;
    self->wake();
  });
}

bool fetching::add_partition(fetch_response& response, std::size_t i, std::int64_t& bytes_left) {
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
  if (out.error_code == error_code::fenced_leader_epoch && r->header.api_version >= 16)
    name_leader(node, topics[i].topic->id, out, response);
  const bool first = bytes_left == byte_limit();
  for (auto& batch : result.batches) {
    const auto size = static_cast<std::int64_t>(batch.size());
    // The first batch of the first partition goes out even above the limit, or a consumer could never get past it.
    if (size > bytes_left && !(first && out.records->empty())) {
      limited = true;
      break;
    }
    bytes_left -= size;
    count_sent(result, batch);
    out.records->push_back(std::move(batch));
  }
  const bool changed = p.told_high_watermark != out.high_watermark || p.told_log_start != out.log_start_offset;
  if (incremental && !changed && out.records->empty() && out.error_code == error_code::none &&
      out.diverging_epoch.epoch < 0)
    return false;
  const bool has_records = !out.records->empty();
  if (session && i < session->partitions.size() && same_partition(session->partitions[i], p)) {
    session->partitions[i].told_high_watermark = out.error_code == error_code::none ? out.high_watermark : -1;
    session->partitions[i].told_log_start = out.log_start_offset;
  }
  if (response.responses.empty() || response.responses.back().topic != p.topic ||
      response.responses.back().topic_id != p.topic_id)
    response.responses.push_back({p.topic, p.topic_id, {}});
  response.responses.back().partitions.push_back(std::move(out));
  return has_records;
}

void fetching::finish() {
  answered = true;
  fetch_response response;
  response.session_id = session ? session->id : 0;
  std::int64_t bytes_left = byte_limit();
  std::vector<bool> served(partitions.size());
  for (std::size_t i = 0; i < partitions.size(); ++i) served[i] = add_partition(response, i, bytes_left);
  // Partitions that got nothing because others filled the answer come first the next time; slow ones come last.
  for (std::size_t i = 0; i < slow.size(); ++i)
    if (slow[i]) served[i] = true;
  if (limited && session && session->partitions.size() == partitions.size()) move_back(session->partitions, served);
  hold_until_sent(grant, response);
  results.clear();
  r->answer(response);
  r->scratch->waiting.erase(this);
}

}  // namespace

/// Fetch (API key 1), with incremental sessions (KIP-227). Waits without polling: the offset actors wake it.
/// Errors of all: fetch_session_id_not_found, invalid_fetch_session_epoch, invalid_request. Per partition:
/// offset_out_of_range (with the true bounds), unknown_topic_or_partition, unknown_topic_id, fenced_leader_epoch,
/// unknown_leader_epoch, not_leader_or_follower (ask again), kafka_storage_error.
void fetch(const services& node, const request_ptr& r) {
  auto asked = r->decode<fetch_request>();
  if (!asked) return;
  // Only brokers fetch as replicas (CVE-2018-1288).
  if (asked->replica_id >= 0 || asked->replica_state.replica_id >= 0) {
    counted.replica_fetches.add();
    return r->close("fetch as a replica");
  }
  auto f = std::make_shared<fetching>(node, r);
  f->asked = std::move(*asked);
  f->by_id = r->header.api_version >= 13;
  auto& own = r->scratch->fetch_budget;
  if (!own) own = std::make_shared<actors::fetch_budget>(node.settings.fetch_max_bytes.get());
  f->grant = std::make_shared<fetch_grant>(own, node.fetch_budget);
  auto entered = enter_session(node, *r->scratch, f->asked, f->by_id);
  if (entered.error != error_code::none) {
    fetch_response response;
    response.error_code = entered.error;
    return r->answer(response);
  }
  f->partitions = std::move(entered.partitions);
  f->session = std::move(entered.session);
  f->incremental = entered.incremental;
  f->start();
}

}  // namespace tidegate::actors::handlers
