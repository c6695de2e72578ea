#include "actors/gateway.hpp"

#include "actors/log.hpp"
#include "actors/metrics/collect.hpp"
#include "actors/metrics/status_page.hpp"
#include "actors/node.hpp"
#include "actors/socket_options.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <mutex>
#include <utility>

namespace tidegate::actors {

namespace {

/// Blocked before any thread starts, so that every thread inherits it and only sigwait sees them.
sigset_t block_stop_signals() {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return stops;
}

/// What the admin port answers. Thread: any.
class node_status {
 public:
  explicit node_status(const options& settings) : settings_(settings) {}

  void set(const std::string& trouble) {
    std::lock_guard lock(mutex_);
    trouble_ = trouble;
  }

  /// `running` is asked for every answer from now on.
  void set(const node& running) {
    std::lock_guard lock(mutex_);
    running_ = &running;
  }

  [[nodiscard]] net::http_answer health() const {
    std::lock_guard lock(mutex_);
    const auto trouble = trouble_now();
    if (trouble.empty()) return {.body = "ok\n"};
    return {.status = 503, .body = trouble + "\n"};
  }

  [[nodiscard]] net::http_answer metrics() const {
    std::lock_guard lock(mutex_);
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = numbers().text()};
  }

  [[nodiscard]] net::http_answer page() const {
    std::lock_guard lock(mutex_);
    status_facts facts;
    facts.listen = settings_.listen;
    facts.trouble = trouble_now();
    const auto shown = numbers();
    if (running_ != nullptr) running_->add_status(facts);
    return {.content_type = "text/html; charset=utf-8", .body = status_page(facts, shown)};
  }

 private:
  /// With the mutex.
  [[nodiscard]] metric_page numbers() const {
    metric_page page;
    add_all(page, settings_, trouble_now().empty());
    if (running_ != nullptr) running_->add_metrics(page);
    return page;
  }

  [[nodiscard]] std::string trouble_now() const { return running_ != nullptr ? running_->trouble() : trouble_; }

  const options& settings_;
  mutable std::mutex mutex_;  // guards what follows
  std::string trouble_ = "starting";
  const node* running_ = nullptr;
};

/// True when a stop signal came within the time.
bool stops_within(const sigset_t& stops, std::chrono::seconds wait) {
  const timespec limit{wait.count(), 0};
  return sigtimedwait(&stops, nullptr, &limit) > 0;
}

/// A cluster may come up after its gateways: they try until it is there. What is wrong with a local directory stays
/// wrong, so that is tried once. Null: give up (`error`), or told to stop (no error).
std::unique_ptr<node> start_patiently(const options& settings, const sigset_t& stops, node_status& state,
                                      std::string& error) {
  // First of all: whoever starts twice by mistake must not fence the node that runs.
  auto port = node::bind(settings, error);
  if (!port) return nullptr;
  constexpr std::chrono::seconds longest_wait{8};
  for (std::chrono::seconds wait{1};; wait = std::min(wait * 2, longest_wait)) {
    error.clear();
    auto started = node::start(settings, port, error);
    if (started || !port || settings.smq.engine == "embedded") return started;
    log_event(log_level::error, "start failed, trying again", {{"reason", error}, {"seconds", wait.count()}});
    state.set("not serving: " + std::exchange(error, {}));
    if (stops_within(stops, wait)) return nullptr;
  }
}

}  // namespace

int run_gateway(const options& settings) {
  start_log(settings.log.level, settings.log.format);
  const auto stops = block_stop_signals();
  std::string error;
  node_status state{settings};
  const net::http_routes routes{{"/health", [&state] { return state.health(); }},
                                {"/metrics", [&state] { return state.metrics(); }},
                                {"/", [&state] { return state.page(); }}};
  auto admin = net::admin_server::start(admin_options_of(settings), routes, error);
  if (!admin) {
    log_event(log_level::error, "admin server failed", {{"reason", error}});
    return 1;
  }
  auto gateway = start_patiently(settings, stops, state, error);
  if (!gateway) {
    if (!error.empty()) log_event(log_level::error, "start failed", {{"reason", error}});
    return error.empty() ? 0 : 1;
  }
  state.set(*gateway);
  int signal = 0;
  sigwait(&stops, &signal);
  log_event(log_level::info, "stopping", {{"signal", signal}});
  admin->stop();
  gateway->stop();
  return 0;
}

}  // namespace tidegate::actors
