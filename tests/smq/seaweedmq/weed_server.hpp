#pragma once

#include "tests/smq/test_engine.hpp"

#include <sys/types.h>

#include <array>
#include <string>

namespace tidegate::smq::testing {

/// A real SeaweedFS (`weed server` with master, volume server and filer) of one's own: free ports of 127.0.0.1, data in
/// a scratch directory, killed at the end or with the test's process. Binary: TIDEGATE_WEED, else build/venv/bin/weed.
class weed_server {
 public:
  /// Starts and waits until transactions and chunk ids work. The test fails without the binary.
  weed_server();
  ~weed_server() { kill(); }
  weed_server(const weed_server&) = delete;
  weed_server& operator=(const weed_server&) = delete;

  /// kill -9.
  void kill();

  /// SIGSTOP: connections stay open and nothing is answered.
  void pause() const;
  void resume() const;

  /// Again with the same ports and data; does not wait until it serves.
  void start();
  void wait_until_it_serves() const;

  /// SeaweedFS's form, "host:port.grpcport".
  [[nodiscard]] std::string filer_address() const { return address(2); }
  [[nodiscard]] std::string master_address() const { return address(0); }
  [[nodiscard]] std::string volume_address() const { return address(4); }

 private:
  [[nodiscard]] std::string address(std::size_t service) const;

  scratch_directory home_;
  std::array<int, 6> ports_{};  // master, its gRPC, filer, its gRPC, volume server, its gRPC
  pid_t process_ = -1;
};

/// The server that all tests of a process share; each uses a root of its own.
weed_server& shared_weed();

}  // namespace tidegate::smq::testing
