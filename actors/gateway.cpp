#include "actors/gateway.hpp"

#include "actors/log.hpp"
#include "actors/metrics/collect.hpp"
#include "actors/metrics/status_page.hpp"
#include "actors/node.hpp"
#include "actors/runtime/descriptors.hpp"
#include "actors/settings/socket_options.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <mutex>
#include <utility>

namespace tidegate::actors {

namespace {

sigset_t stop_signals() {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  return stops;
}

/// All that sigwait is for. Blocked before any thread starts, so that every thread inherits it and only sigwait sees
/// them; a SIGHUP waits until the node runs.
sigset_t block_signals() {
  auto all = stop_signals();
  sigaddset(&all, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return all;
}

/// What the admin port answers. Thread: any.
class node_status {
 public:
  explicit node_status(options settings) : settings_(std::move(settings)) {}

  [[nodiscard]] options settings() const {
    std::lock_guard lock(mutex_);
    return settings_;
  }

  void follow(options settings) {
    std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
  }

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

  [[nodiscard]] net::http_answer release(std::string_view query) const {
    const auto* running = [this] {
      std::lock_guard lock(mutex_);
      return running_;
    }();
    return running == nullptr ? net::http_answer{.status = 503, .body = "not serving yet\n"} : running->release(query);
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

  mutable std::mutex mutex_;  // guards what follows
  options settings_;
  std::string trouble_ = "starting";
  const node* running_ = nullptr;
};

/// True when a stop signal came within the time.
bool stops_within(std::chrono::seconds wait) {
  const auto stops = stop_signals();
  const timespec limit{wait.count(), 0};
  return sigtimedwait(&stops, nullptr, &limit) > 0;
}

/// A cluster may come up after its gateways: they try until it is there. What is wrong with a local directory stays
/// wrong, so that is tried once. Null: give up (`error`), or told to stop (no error).
std::unique_ptr<node> start_patiently(const options& settings, node_status& state, std::string& error) {
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
    if (stops_within(wait)) return nullptr;
  }
}

template <class Texts>
std::string joined(const Texts& texts, std::string_view between) {
  std::string all;
  for (const auto& one : texts) all.append(all.empty() ? "" : between).append(one);
  return all;
}

/// A configuration with a mistake in it changes nothing at all.
void follow(const loaded_options& loaded, node& gateway, node_status& state) {
  if (!loaded.problems.empty()) {
    log_event(log_level::error, "the configuration is wrong, nothing was changed",
              {{"problems", joined(loaded.problems, "; ")}});
    return;
  }
  auto next = follow_options(state.settings(), loaded.value);
  set_log_level(next.value.log.level);
  gateway.follow(next.value);
  state.follow(std::move(next.value));
  for (const auto key : next.needs_restart)
    log_event(log_level::warn, "a setting changed that needs a restart", {{"setting", key}});
  log_event(log_level::info, "the configuration was read again", {{"changed", joined(next.changed, ",")}});
}

/// Until a stop signal comes; that one.
int serve_until_stopped(const sigset_t& signals, const std::function<loaded_options()>& read_again, node& gateway,
                        node_status& state) {
  for (int signal = 0;;) {
    sigwait(&signals, &signal);
    if (signal != SIGHUP) return signal;
    follow(read_again(), gateway, state);
  }
}

}  // namespace

int run_gateway(const options& settings, const std::function<loaded_options()>& read_again) {
  start_log(settings.log.level, settings.log.format);
  const auto signals = block_signals();
  if (const auto room = raise_descriptor_limit(); room < static_cast<std::size_t>(settings.kafka.max_connections))
    log_event(log_level::warn, "the process may open too few files for kafka.max.connections",
              {{"connections", room}, {"configured", settings.kafka.max_connections}});
  std::string error;
  node_status state{settings};
  const net::http_routes routes{{"/health", [&state] { return state.health(); }},
                                {"/metrics", [&state] { return state.metrics(); }},
                                {"/", [&state] { return state.page(); }}};
  const net::http_actions actions{{"/release", [&state](std::string_view query) { return state.release(query); }}};
  auto admin = net::admin_server::start(admin_options_of(settings), routes, actions, error);
  if (!admin) {
    log_event(log_level::error, "admin server failed", {{"reason", error}});
    return 1;
  }
  auto gateway = start_patiently(settings, state, error);
  if (!gateway) {
    if (!error.empty()) log_event(log_level::error, "start failed", {{"reason", error}});
    return error.empty() ? 0 : 1;
  }
  state.set(*gateway);
  log_event(log_level::info, "started",
            {{"version", TIDEGATE_VERSION},
             {"engine", settings.smq.engine},
             {"data_dir", settings.data_dir},
             {"durability", settings.smq.durability},
             {"listen", settings.listen},
             {"advertised", settings.advertised_listener.empty() ? settings.listen : settings.advertised_listener},
             {"admin", settings.admin.listen}});
  const auto signal = serve_until_stopped(signals, read_again, *gateway, state);
  log_event(log_level::info, "stopping", {{"signal", signal}});
  admin->stop();
  gateway->stop();
  log_event(log_level::info, "stopped", {});
  return 0;
}

}  // namespace tidegate::actors
