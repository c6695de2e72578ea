#include "smq/seaweedmq/http/id_stock.hpp"

#include "smq/seaweedmq/http/http_message.hpp"

#include <algorithm>
#include <limits>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::chrono::milliseconds first_pause{20};
constexpr std::chrono::milliseconds longest_pause{1000};
constexpr std::uint64_t least_reserved = 1024;  // of each id

time_point now() { return std::chrono::steady_clock::now(); }

/// What is wrong with an answer of the directory; "" = nothing.
std::string fault_of(const id_batch& ids, std::optional<file_id> first) {
  if (!first) return "not a file id: " + ids.first;
  if (ids.count == 0) return "no ids were assigned";
  if (first->key > std::numeric_limits<std::uint64_t>::max() - ids.count) return "keys run over: " + ids.first;
  if (!is_server(ids.server)) return "not a server address: " + ids.server;
  if (!is_plain(ids.token)) return "a token that is not plain text";
  return {};
}

}  // namespace

id_stock::id_stock(event_loop& loop, volume_directory& directory, id_stock_options options)
  : loop_(loop),
    directory_(directory),
    options_(options),
    waiting_(loop,
             [this](const completion<slot_or_reason>& late) {
               late({std::nullopt, trouble_.empty() ? "no file id in time" : trouble_});
             }),
    timer_(loop) {}

void id_stock::take(std::uint64_t bytes, time_point deadline, completion<slot_or_reason> done) {
  if (bytes > 0) typical_bytes_ = typical_bytes_ == 0 ? bytes : typical_bytes_ - typical_bytes_ / 8 + bytes / 8;
  if (!closed_.empty()) return done({std::nullopt, closed_});
  if (waiting_.empty()) {
    if (auto slot = next_slot()) {
      if (left() <= options_.per_assign / 4) refill();
      return done({std::move(slot), {}});
    }
  }
  if (waiting_.size() >= options_.max_waiting) return done({std::nullopt, "too many chunks wait for a file id"});
  waiting_.push(std::move(done), std::min(deadline, now() + options_.patience));
  refill();
}

void id_stock::drop(std::uint64_t number) {
  std::erase_if(batches_, [&](const batch& one) { return one.number == number; });
}

void id_stock::forget() {
  batches_.clear();
  ++requests_;
  asking_ = false;
  pause_ = {};
  timer_.cancel();
  if (!waiting_.empty()) refill();
}

void id_stock::close(const std::string& reason) {
  closed_ = reason;
  batches_.clear();
  timer_.cancel();
  while (auto one = waiting_.pop()) (*one)({std::nullopt, reason});
}

void id_stock::refill() {
  if (asking_ || !closed_.empty()) return;
  asking_ = true;
  const auto request = ++requests_;
  const auto deadline = now() + options_.assign_timeout;
  timer_.set(deadline + std::chrono::seconds{1}, [this, request] {
    on_assigned(request, {{status::unknown, "the directory does not answer", 0}, {}});
  });
  // Unsaid, a master sets 1 MiB aside for each id: many small chunks would take one volume after the other out of use.
  directory_.assign(options_.per_assign, std::max(typical_bytes_, least_reserved), deadline,
                    [loop = loop_.weak_from_this(), weak = weak_from_this(), request](const result<id_batch>& answer) {
                      post_to(loop, weak, [request, answer](id_stock& self) { self.on_assigned(request, answer); });
                    });
}

void id_stock::on_assigned(std::uint64_t request, result<id_batch> answer) {
  if (request != requests_ || !closed_.empty()) return;
  const auto& ids = answer.value;
  const auto first = parse_file_id(ids.first);
  trouble_ = answer.is_ok() ? fault_of(ids, first) : "cannot get file ids: " + answer.what.reason;
  if (!trouble_.empty()) return retry_later();
  timer_.cancel();
  asking_ = false;
  pause_ = {};
  const auto lifetime = ids.token.empty() ? options_.lifetime : options_.token_lifetime;
  batches_.push_back({request, ids, *first, 0, now() + lifetime});
  batches_.back().ids.count = std::min(ids.count, options_.per_assign);
  while (!waiting_.empty()) {
    auto slot = next_slot();
    if (!slot) return refill();
    (*waiting_.pop())({std::move(slot), {}});
  }
}

void id_stock::retry_later() {
  ++requests_;  // a late answer does not count
  pause_ = pause_.count() == 0 ? first_pause : std::min(2 * pause_, longest_pause);
  timer_.set(now() + pause_, [this] {
    asking_ = false;
    if (!waiting_.empty()) refill();
  });
}

std::optional<upload_slot> id_stock::next_slot() {
  while (!batches_.empty()) {
    auto& from = batches_.front();
    if (from.used < from.ids.count && from.expires > now()) {
      const auto index = from.used++;
      upload_slot slot{from.first, from.ids.server, {}, from.ids.token, from.number};
      slot.id.key += index;
      slot.target = '/' + (slot.token.empty() ? to_string(slot.id) : from.ids.first);
      if (!slot.token.empty() && index > 0) slot.target += '_' + std::to_string(index);
      return slot;
    }
    batches_.pop_front();
  }
  return std::nullopt;
}

std::size_t id_stock::left() const {
  std::size_t sum = 0;
  for (const auto& one : batches_) sum += one.ids.count - one.used;
  return sum;
}

}  // namespace tidegate::smq::seaweedmq
