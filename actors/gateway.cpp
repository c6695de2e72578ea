#include "actors/gateway.hpp"

#include "actors/log.hpp"
#include "actors/socket_options.hpp"

#include <csignal>

namespace tidegate::actors {

int run_gateway(const options& settings) {
  start_log(settings.log.level, settings.log.format);
  // Blocked before any thread starts, so that every thread inherits it and only sigwait sees them.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  std::string error;
  const net::http_routes routes{{"/health", [] { return net::http_answer{.body = "ok\n"}; }}};
  auto server = net::admin_server::start(admin_options_of(settings), routes, error);
  if (!server) {
    log_event(log_level::error, "admin server failed", {{"reason", error}});
    return 1;
  }
  log_event(log_level::info, "admin server ready", {{"port", server->port()}});
  int signal = 0;
  sigwait(&stops, &signal);
  log_event(log_level::info, "stopping", {{"signal", signal}});
  server->stop();
  return 0;
}

}  // namespace tidegate::actors
