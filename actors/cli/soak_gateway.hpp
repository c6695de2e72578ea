#pragma once

#include "actors/cli/child_process.hpp"
#include "actors/cli/soak_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::cli {

/// A port of 127.0.0.1 that nobody uses now. Errors: soak_failure.
std::uint16_t free_port();

/// The gateway that the soak kills: this program with the command `serve`.
/// Thread: the main thread. All members throw soak_failure when the gateway does not do what it should.
class soak_gateway {
 public:
  /// `arguments`: behind "serve". `host`, `port`: where these make it listen. `log`: the file that gets what it writes.
  soak_gateway(std::vector<std::string> arguments, std::string host, std::uint16_t port, std::string log)
      : arguments_(std::move(arguments)), host_(std::move(host)), port_(port), log_(std::move(log)) {}

  /// Returns when it takes clients, or the soak stops.
  void start(const soak_place& place);

  /// kill -9.
  void kill();

  /// SIGTERM; it must end with 0 within 10 s.
  void stop();

 private:
  void check_running();

  std::vector<std::string> arguments_;
  std::string host_;
  std::uint16_t port_;
  std::string log_;
  std::optional<child_process> process_;
};

}  // namespace tidegate::cli
