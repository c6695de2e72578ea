#include "smq/seaweedmq/http/discard_operation.hpp"

#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::chrono::seconds best_effort_limit{5};

class discard_operation : public std::enable_shared_from_this<discard_operation> {
 public:
  discard_operation(store_parts& parts, doomed_chunk chunk, time_point deadline, completion<outcome> done)
    : parts_(parts), chunk_(std::move(chunk)), deadline_(deadline), done_(std::move(done)), alarm_(*parts.loop) {}

  void start() {
    alarm_.set(deadline_, [self = shared_from_this()] { self->finish({status::unknown, "deadline", 0}); });
    parts_.places->find(chunk_.id.volume, false, [self = shared_from_this()](const locations& found) {
      if (self->done_) self->erase_on(found);
    });
  }

 private:
  void erase_on(const locations& found) {
    if (found.servers.empty()) return finish({status::unknown, found.reason, 0});
    left_ = found.servers.size();
    for (const auto& server : found.servers) {
      http_request request;
      request.verb = http_verb::erase;
      request.server = server;
      // Only there: a server that passes a deletion on fails as a whole when another one is down.
      request.target = chunk_.target + "?type=replicate";
      request.token = chunk_.token;
      request.deadline = deadline_;
      parts_.pool.send(std::move(request), [self = shared_from_this()](const http_result& got) { self->judge(got); });
    }
  }

  void judge(const http_result& got) {
    const auto status_code = got.response.status;
    if (!got.answered) worst_ = {status::unknown, got.reason, 0};
    else if (status_code != 202 && status_code != 404)
      worst_ = {status::unknown, "status " + std::to_string(status_code), 0};
    if (--left_ == 0 && done_) finish(worst_);
  }

  void finish(outcome what) {
    alarm_.cancel();
    --parts_.discards;
    std::exchange(done_, {})(std::move(what));
  }

  store_parts& parts_;
  doomed_chunk chunk_;
  time_point deadline_;
  completion<outcome> done_;
  loop_timer alarm_;
  std::size_t left_ = 0;
  outcome worst_;
};

}  // namespace

void discard_chunk(store_parts& parts, doomed_chunk chunk, time_point deadline, completion<outcome> done) {
  if (!reserve<std::size_t>(parts.discards, 1, parts.options.max_discards))
    return done({status::refused, "too many chunks are being discarded", 0});
  std::make_shared<discard_operation>(parts, std::move(chunk), deadline, std::move(done))->start();
}

void discard_best_effort(store_parts& parts, const upload_slot& slot) {
  const auto deadline = std::chrono::steady_clock::now() + best_effort_limit;
  discard_chunk(parts, {slot.id, slot.target, slot.token}, deadline, [](const outcome&) {});
}

}  // namespace tidegate::smq::seaweedmq
