#include "smq/seaweedmq/http/get_operation.hpp"

#include "smq/counters.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr unsigned max_lookups = 3;

}  // namespace

get_operation::get_operation(store_parts& parts, file_id id, std::uint64_t position, std::uint64_t count,
                             time_point deadline, completion<result<shared_bytes>> done)
  : parts_(parts), id_(id), position_(position), count_(count), deadline_(deadline), done_(std::move(done)) {}

void get_operation::start() {
  auto turned_away = [self = shared_from_this()](const std::string& reason) {
    self->finish({status::unknown, reason, 0});
  };
  auto go = [self = shared_from_this()] {
    self->is_inside_ = true;
    self->find(false);
  };
  parts_.gets.enter(count_, deadline_, std::move(go), std::move(turned_away));
}

void get_operation::find(bool fresh) {
  ++lookups_;
  alarm_ = std::make_unique<loop_timer>(*parts_.loop);
  alarm_->set(deadline_, [self = shared_from_this()] {
    self->finish({status::unknown, "deadline; nobody said where " + to_string(self->id_) + " is", 0});
  });
  parts_.places->find(id_.volume, fresh, [self = shared_from_this(), fresh](const locations& found) {
    if (self->done_) self->on_found(fresh, found);
  });
}

void get_operation::on_found(bool fresh, const locations& found) {
  alarm_.reset();
  if (found.servers.empty()) return finish({status::unknown, found.reason, 0});
  if (fresh && is_proven_absent(found.servers)) return finish({status::absent, {}, 0});
  for (const auto& one : found.servers)
    if (!without_it_.contains(one)) todo_.push_back(one);
  if (todo_.empty()) {
    const auto heard = std::to_string(without_it_.size()) + " of " + std::to_string(parts_.options.copies);
    if (fresh) return finish({status::unknown, "only " + heard + " servers say that the chunk is not there", 0});
  } else {
    // Another server first for another chunk, and with each look; from the back, so those that were silent come in front.
    const auto first = static_cast<std::ptrdiff_t>((id_.key + lookups_) % todo_.size());
    std::rotate(todo_.begin(), todo_.begin() + first, todo_.end());
    std::stable_partition(todo_.begin(), todo_.end(), [this](const auto& one) { return parts_.is_avoided(one); });
  }
  ask_next();
}

bool get_operation::is_proven_absent(const std::vector<std::string>& servers) const {
  const auto said_so = [this](const std::string& one) { return without_it_.contains(one); };
  return without_it_.size() >= parts_.options.copies && std::all_of(servers.begin(), servers.end(), said_so) &&
         std::all_of(failed_.begin(), failed_.end(), said_so);
}

void get_operation::ask_next() {
  if (todo_.empty()) {
    if (lookups_ >= max_lookups) return finish({status::unknown, reason_, 0});
    return find(true);
  }
  if (!failed_.empty() || !without_it_.empty()) counted.replica_fallbacks.add();
  const auto server = std::move(todo_.back());
  todo_.pop_back();
  http_request request;
  request.server = server;
  request.target = '/' + to_string(id_);
  request.token = parts_.token_for(id_);
  request.position = count_ == 0 ? 0 : position_;
  request.count = std::max<std::uint64_t>(count_, 1);  // without bytes to read, the size is still checked
  request.deadline = parts_.try_until(deadline_, todo_.empty() && lookups_ >= max_lookups);
  if (!todo_.empty())
    request.deadline = std::min(request.deadline, std::chrono::steady_clock::now() + parts_.options.other_server_after);
  parts_.pool.send(std::move(request),
                   [self = shared_from_this(), server](const http_result& got) { self->judge(server, got); });
}

void get_operation::judge(const std::string& server, const http_result& got) {
  if (got.overload) return finish({status::unknown, got.reason, 0});
  if (got.answered) parts_.silent_since.erase(server);
  if (!got.answered) {
    parts_.silent_since[server] = std::chrono::steady_clock::now();
    reason_ = got.reason;
  } else if (got.response.status == 404) {
    without_it_.insert(server);
    reason_ = server + " has no chunk " + to_string(id_);
    return ask_next();
  } else if (auto settled = settled_by(got.response); settled && !settled->is_ok() && !todo_.empty()) {
    reason_ = server + ": " + settled->reason;  // its copy may be cut off: others are asked before that is believed
  } else if (settled) {
    const bool with_bytes = settled->is_ok() && count_ > 0;
    return finish(std::move(*settled), with_bytes ? got.response.body : shared_bytes{});
  } else {
    reason_ = server + ": " + reason_;
  }
  failed_.insert(server);
  if (std::chrono::steady_clock::now() >= deadline_) return finish({status::unknown, reason_, 0});
  ask_next();
}

std::optional<outcome> get_operation::settled_by(const http_response& got) {
  const outcome behind{status::refused, "the range ends behind the chunk", 0};
  const auto end = position_ + count_;
  switch (got.status) {
    case 206:
      if (!got.total) break;
      if (end > *got.total) return behind;
      if (count_ == 0) return outcome{};
      if (got.position == position_ && got.body.size() == count_) return outcome{};
      break;
    case 200:  // the whole chunk: what a server may answer when that is the range
      if (position_ == 0 && count_ > 0 && got.body.size() == count_) return outcome{};
      break;
    case 416:
      if (got.total && end > *got.total) return behind;
      break;
    case 401:
      reason_ = "it takes no read tokens of smq.jwt_read_key: the key is wrong or the clock of this machine is behind";
      return std::nullopt;
    default: break;
  }
  reason_ = "status " + std::to_string(got.status) + " with " + std::to_string(got.body.size()) + " bytes";
  return std::nullopt;
}

void get_operation::finish(outcome what, shared_bytes bytes) {
  alarm_.reset();
  std::exchange(done_, {})({std::move(what), std::move(bytes)});
  if (is_inside_) parts_.gets.leave(count_);
}

}  // namespace tidegate::smq::seaweedmq
