#include "actors/cli/soak_gateway.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

namespace tidegate::cli {

namespace {

constexpr std::chrono::seconds stop_limit{10};  // what README promises for SIGTERM

bool accepts_clients(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  const int client = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_open = client >= 0 && ::connect(client, found->ai_addr, found->ai_addrlen) == 0;
  if (client >= 0) ::close(client);
  ::freeaddrinfo(found);
  return is_open;
}

}  // namespace

std::uint16_t free_port() {
  const int any = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  const bool found = any >= 0 && ::bind(any, reinterpret_cast<sockaddr*>(&name), size) == 0 &&
                     ::getsockname(any, reinterpret_cast<sockaddr*>(&name), &size) == 0;
  if (any >= 0) ::close(any);
  if (!found) throw soak_failure("no free port");
  return ntohs(name.sin_port);
}

void soak_gateway::start(const soak_place& place) {
  if (accepts_clients(host_, port_))
    throw soak_failure("somebody else listens on " + host_ + ":" + std::to_string(port_));
  child_command command{{"/proc/self/exe", "serve"}, {}, log_};
  command.words.insert(command.words.end(), arguments_.begin(), arguments_.end());
  std::string error;
  process_ = child_process::start(command, error);
  if (!process_) throw soak_failure(error);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!accepts_clients(host_, port_) && !place.stopping) {
    check_running();
    if (std::chrono::steady_clock::now() > deadline) throw soak_failure("the gateway takes no clients, see " + log_);
  }
  if (place.stopping) process_.reset();
}

/// Waits a little, too.
void soak_gateway::check_running() {
  if (process_->ends_within(std::chrono::milliseconds(10)))
    throw soak_failure("the gateway ended with " + std::to_string(process_->exit_code()) + ", see " + log_);
}

void soak_gateway::kill() {
  check_running();
  process_.reset();
}

void soak_gateway::stop() {
  if (!process_) return;
  process_->signal(SIGTERM);
  if (!process_->ends_within(stop_limit)) throw soak_failure("the gateway did not stop within 10 s of SIGTERM");
  if (process_->exit_code() != 0)
    throw soak_failure("the gateway ended with " + std::to_string(process_->exit_code()) + " on SIGTERM, see " + log_);
}

}  // namespace tidegate::cli
