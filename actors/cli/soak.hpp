#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::cli {

/// What `tidegate soak` was asked for.
struct soak_options {
  std::int64_t cycles = 30;
  std::int32_t groups = 50;
  std::int32_t partitions = 3;
  std::int64_t records = 1000;  // of each cycle, before the groups leave
  std::int64_t more = 4000;     // while they are away
  std::uint64_t seed = 0;
  std::string kill;     // command for /bin/sh, once per cycle; empty: none
  std::string brokers;  // a running gateway that is not killed; empty: one is started

  // The gateway that is started.
  std::vector<std::string> serve;  // arguments behind "serve"
  std::string host;                // where they make it listen
  std::uint16_t port = 0;
  std::string data_dir;          // its folder; logs lie beside it, as data_dir.log and data_dir.kill.log
  bool removes_data = false;     // after a soak that passed
};

/// The long disconnection: consumer groups commit and leave, the gateway is killed while more records are written, and
/// each group must get exactly the record at its committed offset next. Prints one line per cycle to stdout, a line per
/// violation, and a verdict.
/// Returns the exit code: 0 when all held (or SIGINT stopped it before something did not), 1 otherwise. Blocks SIGINT
/// and SIGTERM.
/// Thread: the main thread, before it has started any other.
/// Source: design §3, reliability P1–P3, P7, C2, C3, D1.
int run_soak(const soak_options& wanted);

}  // namespace tidegate::cli
