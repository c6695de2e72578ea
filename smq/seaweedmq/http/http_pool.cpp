#include "smq/seaweedmq/http/http_pool.hpp"

namespace tidegate::smq::seaweedmq {

namespace {

http_result never_sent(std::string reason, bool overload = false) {
  http_result result;
  result.overload = overload;
  result.reason = std::move(reason);
  return result;
}

}  // namespace

void http_pool::send(http_request request, completion done) {
  if (!closed_.empty()) return done(never_sent(closed_));
  if (!is_server(request.server)) return done(never_sent("not a server address: " + request.server));
  if (!is_plain(request.target) || !is_plain(request.token) || !is_plain(request.mark))
    return done(never_sent("bad target, token or mark"));
  if (request.deadline <= std::chrono::steady_clock::now()) return done(never_sent("deadline"));
  auto& at = hosts_[request.server];
  if (!at.queue) {
    at.queue = std::make_unique<wait_list<job>>(
      loop_, [](const job& late) { late.done(never_sent("deadline; waited for a connection")); });
  }
  job what{std::make_shared<const http_request>(std::move(request)), std::move(done)};
  if (!at.idle.empty()) {
    const auto on = at.idle.back();
    at.idle.pop_back();
    return run(on, std::move(what));
  }
  if (at.all.size() < options_.connections_per_server) return open_and_run(at, std::move(what));
  if (at.queue->size() >= options_.queued_per_server)
    return what.done(never_sent("too many requests wait for " + what.request->server, true));
  const auto deadline = what.request->deadline;
  at.queue->push(std::move(what), deadline);
}

void http_pool::open_and_run(host& at, job what) {
  const auto made = http_connection::make(loop_, what.request->server, tls_);
  ++opened_;
  at.all.insert(made);
  run(made, std::move(what));
}

void http_pool::run(const connection_ptr& on, job what) {
  const auto request = what.request;
  on->run(request, [this, on, what = std::move(what)](http_result result, bool stale) mutable {
    const auto server = what.request->server;
    finished(server, on, std::move(what), std::move(result), stale);
  });
}

void http_pool::finished(const std::string& server, const connection_ptr& on, job what, http_result result,
                         bool stale) {
  if (!closed_.empty()) return what.done(std::move(result));
  const bool again = stale && !what.again && what.request->verb != http_verb::post &&
                     what.request->deadline > std::chrono::steady_clock::now();
  if (again) {
    // Other idle connections to this server are probably as dead.
    what.again = true;
    auto& at = hosts_.at(server);
    at.all.erase(on);
    return open_and_run(at, std::move(what));
  }
  next(server, on);
  what.done(std::move(result));
}

void http_pool::next(const std::string& server, const connection_ptr& on) {
  auto& at = hosts_.at(server);
  if (!on->is_reusable()) {
    at.all.erase(on);
    if (auto waiting = at.queue->pop()) return open_and_run(at, std::move(*waiting));
    if (at.all.empty()) hosts_.erase(server);
    return;
  }
  if (auto waiting = at.queue->pop()) return run(on, std::move(*waiting));
  at.idle.push_back(on);
  // The connection would own itself.
  on->rest(options_.idle_limit, [this, server, weak = std::weak_ptr(on)] { forget(server, weak.lock()); });
}

void http_pool::forget(const std::string& server, const connection_ptr& gone) {
  auto& at = hosts_.at(server);
  std::erase(at.idle, gone);
  at.all.erase(gone);
  if (at.all.empty() && at.queue->empty()) hosts_.erase(server);
}

void http_pool::close(const std::string& reason) {
  closed_ = reason;
  auto hosts = std::exchange(hosts_, {});
  for (auto& [server, at] : hosts) {
    while (auto waiting = at.queue->pop()) waiting->done(never_sent(reason));
    for (const auto& one : at.all) one->close(reason);
  }
}

}  // namespace tidegate::smq::seaweedmq
