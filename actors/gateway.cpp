#include "actors/gateway.hpp"

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "actors/socket_options.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <functional>
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

/// What /health answers. Thread: any.
class health {
 public:
  void set(const std::string& trouble) {
    ask([trouble] { return trouble; });
  }

  /// `trouble` is called for every answer from now on.
  void ask(std::function<std::string()> trouble) {
    std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
  }

  [[nodiscard]] net::http_answer answer() const {
    std::lock_guard lock(mutex_);
    const auto trouble = trouble_();
    if (trouble.empty()) return {.body = "ok\n"};
    return {.status = 503, .body = trouble + "\n"};
  }

 private:
  mutable std::mutex mutex_;  // guards trouble_
  std::function<std::string()> trouble_ = [] { return std::string{"starting"}; };
};

/// True when a stop signal came within the time.
bool stops_within(const sigset_t& stops, std::chrono::seconds wait) {
  const timespec limit{wait.count(), 0};
  return sigtimedwait(&stops, nullptr, &limit) > 0;
}

/// A cluster may come up after its gateways: they try until it is there. What is wrong with a local directory stays
/// wrong, so that is tried once. Null: give up (`error`), or told to stop (no error).
std::unique_ptr<node> start_patiently(const options& settings, const sigset_t& stops, health& state,
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
  health state;
  const net::http_routes routes{{"/health", [&state] { return state.answer(); }}};
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
  state.ask([&gateway] { return gateway->trouble(); });
  int signal = 0;
  sigwait(&stops, &signal);
  log_event(log_level::info, "stopping", {{"signal", signal}});
  admin->stop();
  gateway->stop();
  return 0;
}

}  // namespace tidegate::actors
