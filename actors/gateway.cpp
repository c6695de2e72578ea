#include "actors/gateway.hpp"

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "actors/socket_options.hpp"

#include <csignal>

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

}  // namespace

int run_gateway(const options& settings) {
  start_log(settings.log.level, settings.log.format);
  const auto stops = block_stop_signals();
  std::string error;
  auto gateway = node::start(settings, error);
  if (!gateway) {
    log_event(log_level::error, "start failed", {{"reason", error}});
    return 1;
  }
  const net::http_routes routes{{"/health", [] { return net::http_answer{.body = "ok\n"}; }}};
  auto admin = net::admin_server::start(admin_options_of(settings), routes, error);
  if (!admin) {
    log_event(log_level::error, "admin server failed", {{"reason", error}});
    return 1;
  }
  int signal = 0;
  sigwait(&stops, &signal);
  log_event(log_level::info, "stopping", {{"signal", signal}});
  admin->stop();
  gateway->stop();
  return 0;
}

}  // namespace tidegate::actors
